//! What is said about a source that gives no key.

use std::{
    fs,
    os::unix::fs::{chown, symlink},
};

use crate::support::{
    Answers, Folder, Nobody, environment, environment_with_stdin, file, load, load_file,
    public_blob, run, set_mode, told,
};
use keystay_agent::key::source::{Source, defaults};

#[test]
fn a_missing_file_is_said_to_be_missing() {
    let folder = Folder::new();
    let path = folder.path("id");
    assert_eq!(
        told(&load_file(&path).unwrap_err()),
        [format!("key file {} does not exist", path.display())]
    );
}

#[test]
fn a_file_that_others_can_read_is_refused() {
    let folder = Folder::new();
    let path = folder.key("id", "-t ed25519");
    for (mode, shown) in [
        (0o644, "0644"),
        (0o640, "0640"),
        (0o602, "0602"),
        (0o610, "0610"),
    ] {
        set_mode(&path, mode).unwrap();
        assert_eq!(
            told(&load_file(&path).unwrap_err()),
            [
                format!(
                    "key file {} can be read by others (mode {shown})",
                    path.display()
                ),
                format!("chmod 600 {}", path.display()),
            ]
        );
    }
    for mode in [0o600, 0o400, 0o700] {
        set_mode(&path, mode).unwrap();
        load_file(&path).unwrap();
    }
}

#[test]
fn nobody_is_told_to_hide_a_public_key() {
    let folder = Folder::new();
    let path = folder.key("id", "-t ed25519");
    let public = path.with_added_extension("pub");
    set_mode(&public, 0o644).unwrap();
    assert_eq!(
        told(&load_file(&public).unwrap_err()).last().unwrap(),
        &format!("did you mean `file:{}`?", path.display())
    );
}

#[test]
fn commands_in_hints_quote_paths_with_spaces() {
    let folder = Folder::new();
    let path = folder.key("it's mine", "-t ed25519");
    set_mode(&path, 0o644).unwrap();
    let quoted = path.display().to_string().replace('\'', r"'\''");
    assert_eq!(
        told(&load_file(&path).unwrap_err())[1],
        format!("chmod 600 '{quoted}'")
    );
}

#[test]
fn paths_are_shown_without_control_characters() {
    let folder = Folder::new();
    let path = folder.path("a\x1b[2Jb");
    let shown = folder.path("a\\u{1b}[2Jb");
    assert_eq!(
        told(&load_file(&path).unwrap_err()),
        [format!("key file {} does not exist", shown.display())]
    );
}

#[test]
fn a_file_of_another_user_is_refused() {
    let folder = Folder::new();
    let path = folder.key("id", "-t ed25519");
    if chown(&path, Some(12345), None).is_err() {
        // Only root can give files away; for others every file of another user is unreadable.
        assert_ne!(rustix::process::geteuid().as_raw(), 0);
        return;
    }
    assert_eq!(
        told(&load_file(&path).unwrap_err()),
        [
            format!(
                "key file {} belongs to another user (uid 12345)",
                path.display()
            ),
            format!("chown \"$USER\" {}", path.display()),
        ]
    );
}

#[test]
fn only_regular_files_are_read() {
    let folder = Folder::new();
    let pipe = folder.path("pipe");
    run(
        "mkfifo",
        "coreutils",
        &["-m".as_ref(), "600".as_ref(), pipe.as_os_str()],
    );
    for path in [pipe, folder.path("")] {
        assert_eq!(
            told(&load_file(&path).unwrap_err()),
            [
                format!("key file {} is not a regular file", path.display()),
                "to read a key from a pipe, use `--key stdin`".to_owned(),
            ]
        );
    }
}

#[test]
fn a_symbolic_link_to_a_key_is_followed() {
    let folder = Folder::new();
    let path = folder.key("id", "-t ed25519");
    let link = folder.path("link");
    symlink(&path, &link).unwrap();
    assert_eq!(load_file(&link).unwrap().blob, public_blob(&path));
}

#[test]
fn a_file_that_cannot_be_opened_says_why() {
    let folder = Folder::new();
    let path = folder.path("loop");
    symlink(&path, &path).unwrap();
    assert_eq!(
        told(&load_file(&path).unwrap_err()),
        [format!(
            "key file {} cannot be read: Too many levels of symbolic links",
            path.display()
        )]
    );
}

#[test]
fn long_empty_and_unrelated_files_are_no_keys() {
    let folder = Folder::new();
    let say = |name: &str, content: &[u8]| {
        let path = folder.write(name, content);
        let said = told(&load_file(&path).unwrap_err());
        said[0]
            .strip_prefix(&format!("key file {} ", path.display()))
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        say("long", &vec![b'a'; 65537]),
        "is longer than 64 KiB, so it holds no private key"
    );
    assert_eq!(
        say("limit", &vec![b'a'; 65536]),
        "does not hold a private key"
    );
    assert_eq!(say("empty", b""), "is empty");
    assert_eq!(say("blank", b" \n"), "does not hold a private key");
    assert_eq!(say("text", b"hello"), "does not hold a private key");
    assert_eq!(
        say("binary", &[0xff, 0, 1, 2]),
        "does not hold a private key"
    );
    assert_eq!(
        say("cut", b"-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"),
        "holds a damaged private key"
    );
    assert_eq!(
        say(
            "nothing",
            b"-----BEGIN OPENSSH PRIVATE KEY----------END OPENSSH PRIVATE KEY-----"
        ),
        "holds a damaged private key"
    );
    assert_eq!(
        say(
            "other",
            b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n\n-----END PGP PRIVATE KEY BLOCK-----"
        ),
        "does not hold a private key"
    );
}

#[test]
fn a_public_key_is_told_from_a_private_one() {
    let folder = Folder::new();
    let path = folder.key("id", "-t ed25519");
    let public = path.with_added_extension("pub");
    set_mode(&public, 0o600).unwrap();
    assert_eq!(
        told(&load_file(&public).unwrap_err()),
        [
            format!(
                "key file {} holds a public key, not the private one",
                public.display()
            ),
            format!("did you mean `file:{}`?", path.display()),
        ]
    );
    let args = ["-e".as_ref(), "-f".as_ref(), path.as_os_str()];
    let rfc4716 = run("ssh-keygen", "openssh-client", &args).stdout;
    let path = folder.write("other", rfc4716);
    assert_eq!(
        told(&load_file(&path).unwrap_err()),
        [
            format!(
                "key file {} holds a public key, not the private one",
                path.display()
            ),
            "name the private half: the file without `.pub`".to_owned(),
        ]
    );
}

#[test]
fn a_putty_key_comes_with_its_conversion() {
    let folder = Folder::new();
    let path = folder.write(
        "id.ppk",
        "PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: none\r\n",
    );
    assert_eq!(
        told(&load_file(&path).unwrap_err()),
        [
            format!("key file {} holds a PuTTY key", path.display()),
            format!(
                "convert it: puttygen {} -O private-openssh -o FILE",
                path.display()
            ),
        ]
    );
}

#[test]
fn weak_and_retired_keys_are_refused() {
    let folder = Folder::new();
    let path = folder.key("rsa", "-t rsa -b 1024");
    assert_eq!(
        told(&load_file(&path).unwrap_err()),
        [
            format!(
                "key file {} holds an RSA key of 1024 bits; at least 2048 are needed",
                path.display()
            ),
            "make a new one: ssh-keygen -t ed25519".to_owned(),
        ]
    );
    let path = folder.key("dsa", "-t dsa");
    assert_eq!(
        told(&load_file(&path).unwrap_err())[0],
        format!(
            "key file {} holds a DSA key, which is never used",
            path.display()
        )
    );
    let path = folder.key("dsa.pem", "-t dsa -m PEM");
    assert_eq!(
        told(&load_file(&path).unwrap_err())[0],
        format!(
            "key file {} holds a DSA key, which is never used",
            path.display()
        )
    );
    let path = folder.openssl("ed448", &["genpkey -algorithm ed448 -out FILE"]);
    assert_eq!(
        told(&load_file(&path).unwrap_err())[0],
        format!(
            "key file {} holds a key of a type that is not supported (1.3.101.113)",
            path.display()
        )
    );
}

#[test]
fn the_handle_of_a_security_key_is_refused_before_its_passphrase_is_asked() {
    let folder = Folder::new();
    let path = folder.write("sk", security_key());
    assert_eq!(
        told(&load_file(&path).unwrap_err()),
        [
            format!(
                "key file {} holds the handle of a security key, which only an agent can use",
                path.display()
            ),
            format!(
                "add it to your agent with `ssh-add {}` and use `--key agent`",
                path.display()
            ),
        ]
    );
}

#[test]
fn home_is_replaced_in_paths() {
    let folder = Folder::new();
    let path = folder.key("id", "-t ed25519");
    let home = path.parent().unwrap();
    let key = load(
        "file:~/id",
        &environment(&[("HOME", home.as_ref())]),
        &mut Nobody,
    )
    .unwrap();
    assert_eq!(
        (key.blob, key.info.source.as_str()),
        (public_blob(&path), "file:~/id")
    );
    assert_eq!(
        told(&load("file:~/id", &environment(&[]), &mut Nobody).unwrap_err()),
        ["key file ~/id is below the home directory, but HOME is not set"]
    );
}

#[test]
fn variables_and_standard_input_are_named_in_errors() {
    assert_eq!(
        told(&load("env:DEPLOY_KEY", &environment(&[]), &mut Nobody).unwrap_err()),
        [
            "variable DEPLOY_KEY is not set",
            "pass it on from the job's secrets, or export it: `export DEPLOY_KEY`",
        ]
    );
    let text = environment(&[("DEPLOY_KEY", "hunter2".as_ref())]);
    assert_eq!(
        told(&load("env:DEPLOY_KEY", &text, &mut Nobody).unwrap_err()),
        [
            "variable DEPLOY_KEY does not hold a private key",
            "a private key begins with a line such as `-----BEGIN OPENSSH PRIVATE KEY-----`",
        ]
    );
    let long = "a".repeat(65537);
    let long = environment(&[("DEPLOY_KEY", long.as_ref())]);
    assert_eq!(
        told(&load("env:DEPLOY_KEY", &long, &mut Nobody).unwrap_err()),
        ["variable DEPLOY_KEY is longer than 64 KiB, so it holds no private key"]
    );
    assert_eq!(
        told(&load("stdin", &environment(&[]), &mut Nobody).unwrap_err()),
        ["standard input is empty"]
    );
    let folder = Folder::new();
    let long = folder.write("long", vec![b'a'; 65537]);
    assert_eq!(
        told(&load("stdin", &environment_with_stdin(&[], &long), &mut Nobody).unwrap_err()),
        ["standard input is longer than 64 KiB, so it holds no private key"]
    );
    let terminal = environment_with_stdin(&[], "/dev/ptmx".as_ref());
    assert_eq!(
        told(&load("stdin", &terminal, &mut Nobody).unwrap_err()),
        [
            "standard input is a terminal, which would show the key",
            "redirect it: `keystay --key stdin build … < FILE`, or name the file with `--key file:PATH`"
        ]
    );
}

#[test]
fn passphrases_are_asked_for_three_times() {
    let folder = Folder::new();
    let path = folder.locked_key("id", "-t ed25519 -a 1", "secret");
    let mut prompt = Answers::new(&["one", "two", "three", "secret"]);
    let error = load(&file(&path), &environment(&[]), &mut prompt).unwrap_err();
    assert_eq!(
        told(&error),
        [format!(
            "key file {} is encrypted, and the passphrase is wrong",
            path.display()
        )]
    );
    let (first, again) = (
        format!("Passphrase for key file {}: ", path.display()),
        format!(
            "Wrong passphrase. Passphrase for key file {}: ",
            path.display()
        ),
    );
    assert_eq!(prompt.asked, [&first, &again, &again].map(Clone::clone));
    let mut prompt = Answers::new(&["one", "two", "secret"]);
    load(&file(&path), &environment(&[]), &mut prompt).unwrap();
    let error = load(&file(&path), &environment(&[]), &mut Answers::new(&["one"])).unwrap_err();
    assert_eq!(
        told(&error),
        [format!(
            "key file {} is encrypted with a passphrase, and none was given",
            path.display()
        )]
    );
}

#[test]
fn defaults_are_the_agent_or_else_the_usual_files() {
    let folder = Folder::new();
    let home = folder.path("");
    let home = ("HOME", home.as_os_str());
    let with_agent = environment(&[home, ("SSH_AUTH_SOCK", "/run/agent".as_ref())]);
    assert_eq!(defaults(&with_agent).unwrap(), [Source::Agent(None)]);
    let without = environment(&[home, ("SSH_AUTH_SOCK", "".as_ref())]);
    assert_eq!(
        told(&defaults(&without).unwrap_err()),
        [
            "no key was named, SSH_AUTH_SOCK is not set, and there is no key in ~/.ssh",
            "name a key with `--key agent`, `--key file:PATH`, `--key env:NAME`, `--key stdin` or `--key certificate:COMMAND`",
        ]
    );
    fs::create_dir(folder.path(".ssh")).unwrap();
    folder.key(".ssh/id_rsa", "-t rsa -b 2048");
    folder.key(".ssh/id_ed25519", "-t ed25519");
    let found = defaults(&without).unwrap();
    assert_eq!(
        found.iter().map(ToString::to_string).collect::<Vec<_>>(),
        ["file:~/.ssh/id_ed25519", "file:~/.ssh/id_rsa"]
    );
    for source in found {
        load(&source.to_string(), &without, &mut Nobody).unwrap();
    }
}

/// An encrypted `sk-ssh-ed25519@openssh.com` file as far as it can be read without a passphrase.
fn security_key() -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let mut public = Vec::new();
    string(&mut public, b"sk-ssh-ed25519@openssh.com");
    string(&mut public, &[7; 32]);
    string(&mut public, b"ssh:");
    let mut kdf = Vec::new();
    string(&mut kdf, &[1; 16]);
    kdf.extend_from_slice(&[0, 0, 0, 16]);
    let mut file = b"openssh-key-v1\0".to_vec();
    string(&mut file, b"aes256-ctr");
    string(&mut file, b"bcrypt");
    string(&mut file, &kdf);
    file.extend_from_slice(&[0, 0, 0, 1]);
    string(&mut file, &public);
    string(&mut file, &[9; 160]);
    format!(
        "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\n",
        STANDARD.encode(file)
    )
}

fn string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_be_bytes());
    out.extend_from_slice(bytes);
}
