mod bare_keys;
mod putty_keys;
mod stream;

use std::{fs, process::Command};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use tempfile::tempdir;

use super::{
    Kind,
    search::{REACH, Search},
};

/// What is found in these bytes.
fn kinds(bytes: &[u8]) -> Vec<String> {
    let mut search = Search::new();
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

/// The base64 digits of a text with armour.
fn inner(pem: &[u8]) -> String {
    let text = str::from_utf8(pem).unwrap();
    text.lines().filter(|line| !line.contains('-')).collect()
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
fn a_key_in_base64_once_more_is_found() {
    let key = ssh_key(&["-t", "ed25519", "-N", ""]);
    let text = STANDARD.encode(&key);
    let wrapped: Vec<_> = text.as_bytes().chunks(76).map(<[u8]>::to_vec).collect();
    for text in [
        format!("KEY={text}\n"),
        format!("{{\"key\":\"{}\"}}", text.trim_end_matches('=')),
        format!("key: {text} # base64\n"),
        String::from_utf8(wrapped.join(&b'\n')).unwrap() + "\nnext",
    ] {
        let expected = ["another private key (OpenSSH)"];
        assert_eq!(kinds(text.as_bytes()), expected, "{text}");
    }
    let public = STANDARD.encode("-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n");
    assert_eq!(kinds(public.as_bytes()), [""; 0]);
    assert_eq!(kinds(&text.as_bytes()[..200]), [""; 0]);
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
fn a_published_test_key_is_no_secret() {
    let key = "-----BEGIN PRIVATE KEY-----\n\
        MC4CAQAwBQYDK2VwBCIEIBftnHPp22SewYmmEoMcX8VwI4IHwaqd+9LFPj/15eqF\n\
        -----END PRIVATE KEY-----\n";
    let mut search = Search::new();
    search.push(key.as_bytes());
    let kind = search.finish()[0].kind;
    assert_eq!(
        kind.to_string(),
        "published test key of the crate pkcs8 (PKCS #8)"
    );
    assert!(!kind.is_secret());
    assert!(Kind::Token.is_secret());
}
