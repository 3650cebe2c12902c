//! Fresh keys that a command certifies, with OpenSSH's authority.

use std::{fs, path::Path};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keystay_agent::key::Key;
use keystay_proto::Certificate;

use crate::support::{Folder, Nobody, environment, load, run, set_mode, told, wait};

#[test]
fn ssh_keygen_certifies_a_fresh_key_each_time() {
    let authority = Authority::new();
    let first = authority.sign("-n git -V +5m").unwrap();
    let second = authority.sign("-n git -V +5m").unwrap();
    let keys = [&first, &second].map(|key| Certificate::decode(&key.blob).unwrap());
    assert_ne!(keys[0].key_blob, keys[1].key_blob);
    assert_eq!(keys[0].principals, [b"git"]);
    assert_eq!(first.info.algorithm, "ssh-ed25519-cert-v01@openssh.com");
    assert!(first.info.searchable && first.info.source.starts_with("certificate:ssh-keygen "));
    let signature = wait(first.signer.sign(b"data", 0)).unwrap();
    assert!(signature.starts_with(b"\0\0\0\x0bssh-ed25519"));
}

#[test]
fn a_command_gets_the_key_in_each_way_and_prints_the_certificate() {
    let authority = Authority::new();
    let script = |key: &str| {
        format!(
            "certificate:sh -c 'cd \"$1\" && {key} >k.pub && echo signing && \
             ssh-keygen -q -s ca -I i -n a,b -V +1h k.pub && cat k-cert.pub' sh {} '{{public_key}}' {{public_key_file}}",
            authority.0.path("").display()
        )
    };
    for key in ["cat", "echo \"$2\"", "cat \"$3\""] {
        let key = load(&script(key), &environment(&[]), &mut Nobody).unwrap();
        assert_eq!(key.info.comment, "keystay");
        let certificate = Certificate::decode(&key.blob).unwrap();
        assert_eq!(certificate.principals, [b"a", b"b"]);
    }
}

#[test]
fn a_certificate_that_was_not_asked_for_is_refused() {
    let authority = Authority::new();
    let refused = |options: &str| told(&authority.sign(options).unwrap_err());
    assert_eq!(
        refused("-n git -V +5m -h"),
        [
            "command ssh-keygen gave a certificate that is a host's, not a user's",
            "ask the authority for a user certificate: `ssh-keygen -s` without -h",
        ]
    );
    assert_eq!(
        refused("-V +5m"),
        [
            "command ssh-keygen gave a certificate that names no principals, so it is for every user",
            "name the user: `ssh-keygen -n git`, `valid_principals=git`",
        ]
    );
    let short = "ask the authority for a short one: `ssh-keygen -V +15m`, `ttl=15m`";
    assert_eq!(
        refused("-n git"),
        [
            "command ssh-keygen gave a certificate that is valid for ever; at most 1day are taken",
            short,
        ]
    );
    let long = refused("-n git -V +25h");
    assert!(long[0].contains(" is valid for 1day "), "{long:?}");
    assert_eq!(long[1], short);
    let clock = "is the clock right, here and at the authority?";
    assert_eq!(
        refused("-n git -V 20200101:20200102Z"),
        [
            "command ssh-keygen gave a certificate that has been invalid since 2020-01-02T00:00:00Z",
            clock,
        ]
    );
    let early = refused("-n git -V 20990101:20990102Z");
    assert!(early[0].contains(" is not valid before 20"), "{early:?}");
    assert_eq!(early[1], clock);
}

#[test]
fn the_longest_validity_can_be_set() {
    let authority = Authority::new();
    let sign = |options: &str, ttl| {
        let source = authority.source(options).replacen(
            "certificate:",
            &format!("certificate,ttl={ttl}:"),
            1,
        );
        load(&source, &environment(&[]), &mut Nobody)
    };
    sign("-n git -V +5m", "5m").unwrap();
    let told = told(&sign("-n git -V +20m", "5m").unwrap_err());
    assert!(told[0].ends_with("; at most 5m are taken"), "{told:?}");
}

#[test]
fn a_certificate_of_another_key_is_refused() {
    let authority = Authority::new();
    let own = authority.0.key("own", "-t ed25519");
    let ca = authority.0.path("ca");
    let words = [
        "-q",
        "-s",
        ca.to_str().unwrap(),
        "-I",
        "i",
        "-n",
        "git",
        "-V",
        "+5m",
    ];
    let words: Vec<_> = words.iter().map(AsRef::as_ref).collect();
    run(
        "ssh-keygen",
        "openssh-client",
        &[words, vec![own.as_ref()]].concat(),
    );
    let certificate = authority.0.path("own-cert.pub");
    assert_eq!(
        failure(&format!("cat {}", certificate.display())),
        [
            "command cat gave a certificate that is for another key",
            "give it the key of this build: {public_key}, {public_key_file} or standard input",
        ]
    );
    let text = fs::read_to_string(&certificate).unwrap();
    let cut = text.split(' ').nth(1).unwrap().len() / 8 * 4;
    fs::write(
        &certificate,
        text.split_at("ssh-ed25519-cert-v01@openssh.com ".len() + cut)
            .0,
    )
    .unwrap();
    assert_eq!(
        failure(&format!("cat {}", certificate.display())),
        ["command cat gave a certificate that is damaged"]
    );
}

#[test]
fn a_command_that_fails_is_told_with_what_it_said() {
    assert_eq!(
        failure("no-such-program x"),
        [
            "command no-such-program cannot be run: No such file or directory",
            "is it installed and in PATH?",
        ]
    );
    assert_eq!(
        failure(r#"sh -c 'printf "no token\nlog in \033[1mfirst\n" >&2; exit 3'"#),
        ["command sh ended with exit status: 3: no token / log in \\u{1b}[1mfirst"]
    );
    assert_eq!(
        failure("sh -c 'kill -9 $$'"),
        ["command sh ended with signal: 9 (SIGKILL)"]
    );
    assert_eq!(
        failure("echo hello"),
        [
            "command echo gave no certificate of an ed25519 key",
            "it gets the public key as {public_key}, {public_key_file} and on standard input, and \
             prints the certificate or writes it to key-cert.pub beside the file",
        ]
    );
    assert_eq!(
        failure("head -c 70000 /dev/zero"),
        ["command head gave more than 64 KiB, so it gave no certificate"]
    );
    assert_eq!(
        failure("sh -c 'ln -s /etc/passwd \"${0%.pub}-cert.pub\"' {public_key_file}")[0],
        "command sh gave no certificate of an ed25519 key"
    );
}

#[test]
fn a_command_does_not_get_the_key_in_a_variable() {
    // Cargo sets it for its tests.
    let variable = "CARGO_MANIFEST_DIR";
    assert!(std::env::var_os(variable).is_some());
    let script = format!("certificate:sh -c 'echo \"${{{variable}-nothing}}\" >&2; exit 1'");
    let environment = environment(&[]).hiding(vec![variable.to_owned()]);
    let error = load(&script, &environment, &mut Nobody).unwrap_err();
    assert_eq!(
        told(&error),
        ["command sh ended with exit status: 1: nothing"]
    );
}

#[test]
fn no_shell_reads_the_command() {
    let folder = Folder::new();
    let file = folder.path("made");
    let told = failure(&format!("echo x ; touch {} $(touch {0})", file.display()));
    assert!(
        told[0].starts_with("command echo gave no certificate"),
        "{told:?}"
    );
    assert!(!file.exists());
}

#[test]
fn the_private_half_is_in_no_file_that_the_command_can_see() {
    let authority = Authority::new();
    let folder = authority.0.path("");
    let ca = authority.0.path("ca");
    let script = format!(
        "#!/bin/sh\nset -e\n\
         ls -ld \"$(dirname \"$1\")\" >{folder}/mode\n\
         cat >{folder}/stdin\n\
         cat /proc/$PPID/cmdline >{folder}/parent\n\
         tr '\\0' '\\n' </proc/$$/environ >{folder}/variables\n\
         ssh-keygen -q -s {ca} -I i -n git -V +5m \"$1\"\n\
         cp -r \"$(dirname \"$1\")\" {folder}/seen\n",
        folder = folder.display(),
        ca = ca.display()
    );
    let script = authority.0.write("look", script);
    set_mode(&script, 0o700).unwrap();
    let source = format!("certificate:{} {{public_key_file}}", script.display());
    let key = load(&source, &environment(&[]), &mut Nobody).unwrap();
    let seen = authority.0.path("seen");
    let mut files: Vec<_> = fs::read_dir(&seen)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    files.sort();
    assert_eq!(files, ["key-cert.pub", "key.pub"]);
    let mode = fs::read_to_string(authority.0.path("mode")).unwrap();
    assert!(mode.starts_with("drwx------"), "{mode}");
    let given = fs::read_to_string(authority.0.path("stdin")).unwrap();
    assert_eq!(given, fs::read_to_string(seen.join("key.pub")).unwrap());
    let all = [
        "stdin",
        "parent",
        "variables",
        "seen/key.pub",
        "seen/key-cert.pub",
    ];
    for file in all {
        let bytes = fs::read(authority.0.path(file)).unwrap();
        assert!(!bytes.is_empty(), "{file}");
        let decoded: Vec<u8> = String::from_utf8_lossy(&bytes)
            .split_whitespace()
            .filter_map(|word| STANDARD.decode(word).ok())
            .flatten()
            .collect();
        for core in key.cores() {
            for bytes in [&bytes, &decoded] {
                let holds = bytes
                    .windows(16)
                    .any(|window| window == &core.bytes.bytes()[..16]);
                assert!(!holds, "{file} holds the {}", core.name);
            }
        }
    }
}

/// An authority, `ca` in a folder.
struct Authority(Folder);

impl Authority {
    fn new() -> Self {
        let folder = Folder::new();
        folder.key("ca", "-t ed25519");
        Self(folder)
    }

    fn source(&self, options: &str) -> String {
        let ca: &Path = &self.0.path("ca");
        format!(
            "certificate:ssh-keygen -s {} -I i {options} {{public_key_file}}",
            ca.display()
        )
    }

    fn sign(&self, options: &str) -> Result<Key, keystay_agent::key::source::SourceError> {
        load(&self.source(options), &environment(&[]), &mut Nobody)
    }
}

fn failure(command: &str) -> Vec<String> {
    let source = format!("certificate:{command}");
    told(&load(&source, &environment(&[]), &mut Nobody).unwrap_err())
}
