use std::{fs, process::Command};

use tempfile::tempdir;

use super::{
    Kind,
    search::{REACH, Search},
    url::{is_configuration, token},
};

/// What is found in these bytes.
fn kinds(bytes: &[u8]) -> Vec<String> {
    let mut search = Search::default();
    search.push(bytes);
    let others = search.finish();
    others.iter().map(|other| other.kind.to_string()).collect()
}

/// A fresh key of ssh-keygen, made with these arguments.
fn ssh_key(arguments: &[&str]) -> Vec<u8> {
    let folder = tempdir().unwrap();
    let path = folder.path().join("key");
    let made = Command::new("ssh-keygen")
        .args(["-q", "-f"])
        .arg(&path)
        .args(arguments)
        .output()
        .unwrap();
    assert!(made.status.success(), "{made:?}");
    fs::read(path).unwrap()
}

/// A fresh key as openssl writes it.
fn openssl(arguments: &[&str]) -> Vec<u8> {
    let made = Command::new("openssl").args(arguments).output().unwrap();
    assert!(made.status.success(), "{made:?}");
    made.stdout
}

#[test]
fn keys_of_every_form_are_told_apart() {
    let ec = ["ecparam", "-name", "prime256v1", "-genkey", "-noout"];
    for (key, expected) in [
        (ssh_key(&["-t", "ed25519", "-N", ""]), "OpenSSH"),
        (ssh_key(&["-t", "ecdsa", "-N", ""]), "OpenSSH"),
        (ssh_key(&["-t", "rsa", "-N", ""]), "OpenSSH"),
        (
            ssh_key(&["-t", "ed25519", "-N", "passphrase"]),
            "OpenSSH, locked by a passphrase",
        ),
        (
            ssh_key(&[
                "-t",
                "ed25519",
                "-N",
                "passphrase",
                "-Z",
                "aes256-gcm@openssh.com",
            ]),
            "OpenSSH, locked by a passphrase",
        ),
        (
            ssh_key(&["-t", "rsa", "-m", "PEM", "-N", ""]),
            "RSA, PKCS #1",
        ),
        (
            ssh_key(&["-t", "rsa", "-m", "PEM", "-N", "passphrase"]),
            "RSA, PKCS #1, locked by a passphrase",
        ),
        (openssl(&ec), "EC, SEC 1"),
        (openssl(&["genpkey", "-algorithm", "ed25519"]), "PKCS #8"),
        (openssl(&["genpkey", "-algorithm", "RSA"]), "PKCS #8"),
        (
            openssl(&[
                "genpkey",
                "-algorithm",
                "x448",
                "-aes256",
                "-pass",
                "pass:word",
            ]),
            "PKCS #8, locked by a passphrase",
        ),
    ] {
        assert_eq!(kinds(&key), [format!("another private key ({expected})")]);
    }
}

#[test]
fn a_key_is_found_in_quotes_and_with_escaped_line_feeds() {
    let key = String::from_utf8(ssh_key(&["-t", "ed25519", "-N", ""])).unwrap();
    let rows: Vec<_> = key
        .lines()
        .map(|row| format!("    \"{row}\\n\"\n"))
        .collect();
    for text in [
        serde_json::json!({ "key": key }).to_string(),
        rows.concat(),
        key.replace('\n', "\r\n"),
        key.replace('\n', " "),
    ] {
        assert_eq!(
            kinds(text.as_bytes()),
            ["another private key (OpenSSH)"],
            "{text}"
        );
    }
}

#[test]
fn a_key_is_found_wherever_chunks_of_the_stream_end() {
    let key = ssh_key(&["-t", "rsa", "-b", "4096", "-m", "PEM", "-N", ""]);
    for before in [
        0,
        (128 << 10) - 3,
        (112 << 10) - 1,
        300_000,
        (128 << 10) - REACH - 7,
    ] {
        let text = [&vec![b'x'; before][..], &key, &b"y".repeat(50_000)].concat();
        for size in [7, 4_096, 1 << 20] {
            let mut search = Search::default();
            text.chunks(size).for_each(|part| search.push(part));
            let others = search.finish();
            let begins: Vec<_> = others.iter().map(|other| other.begin).collect();
            assert_eq!(begins, [u64::try_from(before).unwrap()], "{size}");
            assert!(others[0].end > others[0].begin + 3_000);
        }
    }
}

#[test]
fn what_is_no_private_key_is_passed_over() {
    let key = String::from_utf8(ssh_key(&["-t", "ed25519", "-N", ""])).unwrap();
    let cut: Vec<_> = key.lines().filter(|row| !row.starts_with("AAAA")).collect();
    let folder = tempdir().unwrap();
    let path = folder.path().join("key");
    let path = path.to_str().unwrap();
    openssl(&["genpkey", "-algorithm", "RSA", "-out", path]);
    let public = openssl(&["pkey", "-in", path, "-pubout"]);
    let certificate = openssl(&[
        "req",
        "-x509",
        "-newkey",
        "ed25519",
        "-nodes",
        "-keyout",
        "/dev/null",
        "-subj",
        "/CN=a",
    ]);
    for text in [
        String::from_utf8(public).unwrap(),
        String::from_utf8(certificate).unwrap(),
        "-----BEGIN RSA PRIVATE KEY-----\n...\n-----END RSA PRIVATE KEY-----\n".to_owned(),
        "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n-----END PRIVATE KEY-----".to_owned(),
        "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00\n\n<base64>\n-----END RSA PRIVATE KEY-----".to_owned(),
        "#define MARK_BEGIN \"-----BEGIN OPENSSH PRIVATE KEY-----\\n\"\n#define MARK_END \"-----END OPENSSH PRIVATE KEY-----\\n\"".to_owned(),
        key.replace("-----END", "-----"),
        key.replace("OPENSSH", "RSA"),
        cut[..cut.len() - 2].join("\n") + "\n-----END OPENSSH PRIVATE KEY-----\n",
    ] {
        assert_eq!(kinds(text.as_bytes()), [""; 0], "{text}");
    }
}

#[test]
fn a_key_ends_before_another_begins() {
    let key = ssh_key(&["-t", "ed25519", "-N", ""]);
    let begin = b"-----BEGIN OPENSSH PRIVATE KEY-----\n";
    let text = [&begin.repeat(100_000)[..], &key, begin, &key].concat();
    assert_eq!(kinds(&text), ["another private key (OpenSSH)"; 2]);
}

#[test]
fn no_bytes_make_the_search_fail() {
    let key = ssh_key(&["-t", "ed25519", "-N", ""]);
    for at in 0..key.len() {
        let mut other = key.clone();
        other[at] ^= 0x15;
        kinds(&other);
        kinds(&key[..at]);
    }
}

#[test]
fn a_published_test_key_is_no_secret() {
    let key = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIBftnHPp22SewYmmEoMcX8VwI4IHwaqd+9LFPj/15eqF\n\
        -----END PRIVATE KEY-----\n";
    let mut search = Search::default();
    search.push(key.as_bytes());
    let kind = search.finish()[0].kind;
    assert_eq!(
        kind.to_string(),
        "published test key of the crate pkcs8 (PKCS #8)"
    );
    assert!(!kind.is_secret());
    assert!(Kind::Token.is_secret());
}

#[test]
fn tokens_in_urls_are_found_and_placeholders_passed_over() {
    for url in [
        "://me:s3cr3tvalue@h.example/x",
        "://x-access-token:ghs_0123456789abcdef@github.com",
        "://ghp_0123456789abcdef0123456789@github.com/a",
        "://oauth2:gl-0123%40@[::1]",
    ] {
        let is_address = url.ends_with(']');
        assert_eq!(token(url.as_bytes()).is_some(), !is_address, "{url}");
    }
    for url in [
        "://h.example/a:b@c",
        "://git@github.com/a",
        "://user:password@h",
        "://user:${TOKEN}@h",
        "://user:$TOKEN@h",
        "://user:<token>@h",
        "://user:{token}@h",
        "://user:****@h",
        "://user:@h",
        "://h:8080/a",
        "://",
        "://a:bcdef@",
    ] {
        assert_eq!(token(url.as_bytes()), None, "{url}");
    }
}

#[test]
fn tokens_count_in_files_that_programs_take_them_from() {
    for path in [
        "src/app/.git/config",
        ".git/config",
        "src/.git/modules/lib/config",
        "srv/app.git/config",
        "root/.gitconfig",
        "etc/gitconfig",
        "root/.config/git/credentials",
        "root/.git-credentials",
        "app/.npmrc",
        "root/.netrc",
        "srv/a.tgz!/package/.npmrc",
    ] {
        assert!(is_configuration(path), "{path}");
    }
    for path in [
        "config",
        "etc/ssh/config",
        "README.md",
        "root/.gitconfig.md",
        "a/credentials",
    ] {
        assert!(!is_configuration(path), "{path}");
    }
}
