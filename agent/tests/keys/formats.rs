//! Every format of private key files that OpenSSH and OpenSSL write.

use std::fs;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keystay_agent::key::{FormatError, source::Fault};

use crate::support::{
    Answers, Folder, Nobody, derived_blob, environment, environment_with_stdin, file, load,
    load_file, load_locked, public_blob, run, told,
};

const TYPES: [(&str, &str); 6] = [
    ("ssh-ed25519", "-t ed25519"),
    ("ecdsa-sha2-nistp256", "-t ecdsa -b 256"),
    ("ecdsa-sha2-nistp384", "-t ecdsa -b 384"),
    ("ecdsa-sha2-nistp521", "-t ecdsa -b 521"),
    ("ssh-rsa", "-t rsa -b 2048"),
    ("ssh-rsa", "-t rsa -b 3072"),
];

#[test]
fn every_type_is_read_in_every_format_of_ssh_keygen() {
    for (algorithm, options) in TYPES {
        for format in ["RFC4716", "PEM", "PKCS8"] {
            let folder = Folder::new();
            // One round of key derivation is enough for a test.
            let options = format!("{options} -m {format} -a 1");
            let plain = folder.key("plain", &options);
            let key = load_file(&plain).unwrap();
            assert_eq!(key.blob, public_blob(&plain), "{options}");
            assert_eq!(key.info.algorithm, algorithm);
            assert!(key.info.searchable);
            let locked = folder.locked_key("locked", &options, "correct horse");
            let key = load_locked(&locked, "correct horse").unwrap();
            assert_eq!(key.blob, public_blob(&locked), "{options}");
            let wrong = load_locked(&locked, "battery staple").unwrap_err().fault;
            assert!(
                matches!(wrong, Fault::Passphrase(_)),
                "{options}: {wrong:?}"
            );
        }
    }
}

#[test]
fn openssh_files_keep_their_comment_and_others_have_none() {
    let folder = Folder::new();
    let openssh = folder.key("openssh", "-t ecdsa");
    assert_eq!(load_file(&openssh).unwrap().info.comment, "a comment");
    let pem = folder.key("pem", "-t ecdsa -m PEM");
    assert_eq!(load_file(&pem).unwrap().info.comment, "");
}

#[test]
fn ciphers_of_openssh_files_are_read() {
    for cipher in [
        "aes128-ctr",
        "aes192-ctr",
        "aes256-ctr",
        "aes128-cbc",
        "aes192-cbc",
        "aes256-cbc",
        "aes128-gcm@openssh.com",
        "aes256-gcm@openssh.com",
        "chacha20-poly1305@openssh.com",
    ] {
        let folder = Folder::new();
        let path = folder.locked_key("key", &format!("-t ed25519 -a 1 -Z {cipher}"), "secret");
        assert_eq!(
            load_locked(&path, "secret").unwrap().blob,
            public_blob(&path),
            "{cipher}"
        );
        let mut prompt = Answers::new(&["wrong", "secret"]);
        load(&file(&path), &environment(&[]), &mut prompt).unwrap();
        assert_eq!(prompt.asked.len(), 2, "{cipher}");
    }
}

#[test]
fn an_unsupported_cipher_is_named() {
    let folder = Folder::new();
    let path = folder.locked_key("key", "-t ed25519 -a 1 -Z 3des-cbc", "secret");
    assert_eq!(
        told(&load_file(&path).unwrap_err()),
        [
            format!(
                "key file {} is encrypted in a way that is not supported (3des-cbc)",
                path.display()
            ),
            format!("encrypt it anew: ssh-keygen -p -o -f {}", path.display()),
        ]
    );
}

#[test]
fn pkcs8_of_openssl_is_read() {
    let cases: [&[&str]; 5] = [
        &["genpkey -algorithm ed25519 -out FILE"],
        &["genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-384 -out FILE"],
        &["genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-521 -out FILE"],
        &["genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out FILE"],
        // A parameter block before the key, and a compressed public half in it.
        &["ecparam -name prime256v1 -genkey -conv_form compressed -out FILE"],
    ];
    for steps in cases {
        let folder = Folder::new();
        let path = folder.openssl("key", steps);
        let key = load_file(&path).unwrap();
        // OpenSSH 9.2 does not read PKCS#8 Ed25519 keys.
        if key.info.algorithm != "ssh-ed25519" {
            assert_eq!(key.blob, derived_blob(&path), "{steps:?}");
        }
    }
}

#[test]
fn encrypted_pkcs8_of_openssl_is_read() {
    for cipher in [
        "-v2 aes-128-cbc",
        "-v2 aes-192-cbc",
        "-v2 aes-256-cbc",
        "-scrypt",
    ] {
        let folder = Folder::new();
        let convert = format!("pkcs8 -topk8 -in IN -out FILE -passout pass:secret {cipher}");
        let path = folder.openssl("key", &["genpkey -algorithm ed25519 -out FILE", &convert]);
        load_locked(&path, "secret").unwrap();
        let wrong = load(
            &file(&path),
            &environment(&[]),
            &mut Answers::new(&["a", "b", "c"]),
        );
        assert!(
            matches!(wrong.unwrap_err().fault, Fault::WrongPassphrase),
            "{cipher}"
        );
    }
    for cipher in ["-v1 PBE-SHA1-3DES", "-v2 des3"] {
        let folder = Folder::new();
        let convert = format!("pkcs8 -topk8 -in IN -out FILE -passout pass:secret {cipher}");
        let path = folder.openssl("key", &["genpkey -algorithm ed25519 -out FILE", &convert]);
        let fault = load_file(&path).unwrap_err().fault;
        assert!(
            matches!(fault, Fault::Format(FormatError::Encryption(_))),
            "{cipher}: {fault:?}"
        );
    }
}

#[test]
fn encrypted_keys_from_before_pkcs8_are_read() {
    for cipher in ["aes128", "aes192", "aes256"] {
        let folder = Folder::new();
        let path = folder.openssl(
            "key",
            &[
                "genrsa -traditional -out FILE 2048",
                &format!("rsa -in IN -traditional -{cipher} -passout pass:secret -out FILE"),
            ],
        );
        assert!(
            fs::read_to_string(&path)
                .unwrap()
                .contains("Proc-Type: 4,ENCRYPTED")
        );
        load_locked(&path, "secret").unwrap();
        let wrong = load(
            &file(&path),
            &environment(&[]),
            &mut Answers::new(&["a", "b", "c"]),
        );
        assert!(matches!(wrong.unwrap_err().fault, Fault::WrongPassphrase));
    }
}

#[test]
fn triple_des_from_before_pkcs8_is_refused_by_name() {
    let folder = Folder::new();
    let path = folder.openssl(
        "key",
        &[
            "ecparam -name prime256v1 -genkey -noout -out FILE",
            "ec -in IN -des3 -passout pass:secret -out FILE",
        ],
    );
    let fault = load_file(&path).unwrap_err().fault;
    assert!(
        matches!(&fault, Fault::Format(FormatError::Encryption(name)) if name == "DES-EDE3-CBC"),
        "{fault:?}"
    );
}

#[test]
fn text_that_ci_systems_change_is_still_a_key() {
    for options in ["-t ed25519", "-t ecdsa -m PEM", "-t ecdsa -m PKCS8"] {
        let folder = Folder::new();
        let path = folder.key("key", options);
        let text = fs::read_to_string(&path).unwrap();
        let encoded = STANDARD.encode(&text);
        let wrapped: Vec<&str> = encoded
            .as_bytes()
            .chunks(76)
            .map(|line| str::from_utf8(line).unwrap())
            .collect();
        for changed in [
            text.trim_end().to_owned(),
            text.replace('\n', "\r\n"),
            format!("\u{feff}\n\n{}  \n\n", text.replace('\n', "  \n")),
            text.trim_end().replace('\n', " "),
            text.replace('\n', "\\n"),
            text.replace('\n', "\\r\\n"),
            format!("\"{text}\""),
            encoded.clone(),
            format!("{}\n", wrapped.join("\n")),
        ] {
            let environment = environment(&[("DEPLOY_KEY", changed.as_ref())]);
            let key = load("env:DEPLOY_KEY", &environment, &mut Nobody)
                .unwrap_or_else(|error| panic!("{error}: {changed:?}"));
            assert_eq!(key.blob, public_blob(&path));
            assert_eq!(key.info.source, "env:DEPLOY_KEY");
        }
    }
}

#[test]
fn an_encrypted_key_with_carriage_returns_is_read() {
    let folder = Folder::new();
    let path = folder.locked_key("key", "-t ecdsa -m PEM", "secret");
    let text = fs::read_to_string(&path).unwrap().replace('\n', "\r\n");
    fs::write(&path, text).unwrap();
    assert_eq!(
        load_locked(&path, "secret").unwrap().blob,
        public_blob(&path)
    );
}

#[test]
fn a_key_is_read_from_standard_input() {
    let folder = Folder::new();
    let path = folder.key("key", "-t ed25519");
    let key = load("stdin", &environment_with_stdin(&[], &path), &mut Nobody).unwrap();
    assert_eq!(
        (key.blob, key.info.source),
        (public_blob(&path), "stdin".to_owned())
    );
}

#[test]
fn a_scalar_with_leading_zeros_is_read_in_every_format() {
    let folder = Folder::new();
    let mut der = vec![0x30, 0x31, 2, 1, 1, 4, 32, 0, 0];
    der.extend_from_slice(&[0x5a; 30]);
    der.extend_from_slice(&[0xa0, 10, 6, 8, 0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7]);
    let path = folder.write("key", der);
    folder.convert(&path, "ec -inform DER -in IN -out FILE");
    let sec1 = load_file(&path).unwrap();
    let args = ["-q", "-p", "-N", "", "-f", path.to_str().unwrap()].map(AsRef::as_ref);
    run("ssh-keygen", "openssh-client", &args);
    assert!(fs::read_to_string(&path).unwrap().contains("OPENSSH"));
    let openssh = load_file(&path).unwrap();
    assert_eq!(sec1.blob, derived_blob(&path));
    assert_eq!(openssh.blob, sec1.blob);
    assert_eq!(
        openssh.cores()[0].bytes.bytes(),
        sec1.cores()[0].bytes.bytes()
    );
}

#[test]
fn the_public_half_has_to_be_the_private_halfs() {
    let folder = Folder::new();
    let (one, two) = (
        folder.key("one", "-t ed25519"),
        folder.key("two", "-t ed25519"),
    );
    let (one_blob, two_blob) = (public_blob(&one), public_blob(&two));
    let text = fs::read_to_string(&one).unwrap();
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let data = STANDARD.decode(body).unwrap();
    let (one_key, two_key) = (&one_blob[19..], &two_blob[19..]);
    let places: Vec<usize> = (0..data.len() - 32)
        .filter(|at| &data[*at..*at + 32] == one_key)
        .collect();
    assert_eq!(places.len(), 3);
    for changed in [
        vec![places[0]],
        vec![places[1], places[2]],
        vec![places[2]],
        places,
    ] {
        let mut forged = data.clone();
        for at in changed {
            forged[at..at + 32].copy_from_slice(two_key);
        }
        let forged = format!(
            "-----BEGIN OPENSSH PRIVATE KEY-----\n{}\n-----END OPENSSH PRIVATE KEY-----\n",
            STANDARD.encode(forged)
        );
        let path = folder.write("forged", forged);
        let said = "holds a public half that is not the private half's";
        assert_eq!(
            told(&load_file(&path).unwrap_err()),
            [format!("key file {} {said}", path.display())]
        );
    }
}

#[test]
fn the_public_half_of_a_pem_key_is_compared_too() {
    let folder = Folder::new();
    let path = folder.openssl(
        "key",
        &["ecparam -name prime256v1 -genkey -noout -out FILE"],
    );
    let text = fs::read_to_string(&path).unwrap();
    let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
    let mut der = STANDARD.decode(body).unwrap();
    *der.last_mut().unwrap() ^= 1;
    let forged = format!(
        "-----BEGIN EC PRIVATE KEY-----\n{}\n-----END EC PRIVATE KEY-----\n",
        STANDARD.encode(der)
    );
    let fault = load_file(&folder.write("forged", forged))
        .unwrap_err()
        .fault;
    assert!(
        matches!(fault, Fault::Format(FormatError::Mismatch)),
        "{fault:?}"
    );
}

#[test]
fn damage_is_an_error_wherever_it_is() {
    for options in [
        "-t ed25519",
        "-t ecdsa -m PEM",
        "-t rsa -b 2048 -m PKCS8",
        "-t rsa -b 2048",
    ] {
        let folder = Folder::new();
        let path = folder.key("key", options);
        let text = fs::read_to_string(&path).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let body: String = lines[1..lines.len() - 1].concat();
        let data = STANDARD.decode(&body).unwrap();
        for len in (0..data.len()).step_by(7) {
            let cut = format!(
                "{}\n{}\n{}\n",
                lines[0],
                STANDARD.encode(&data[..len]),
                lines[lines.len() - 1]
            );
            let fault = load_file(&folder.write("cut", cut)).unwrap_err().fault;
            assert!(
                matches!(fault, Fault::Format(FormatError::Damaged)),
                "{len}: {fault:?}"
            );
        }
        for at in (0..data.len()).step_by(11) {
            let mut changed = data.clone();
            changed[at] ^= 0x81;
            let changed = format!(
                "{}\n{}\n{}\n",
                lines[0],
                STANDARD.encode(changed),
                lines[lines.len() - 1]
            );
            match load_file(&folder.write("changed", changed)) {
                // A comment and a check number may be any.
                Ok(key) => assert_eq!(key.blob, public_blob(&path)),
                Err(error) => assert!(matches!(error.fault, Fault::Format(_)), "{error}"),
            }
        }
    }
}
