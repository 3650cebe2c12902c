//! Signatures, verified by OpenSSH.

use std::{
    fs::{self, File},
    path::Path,
    process::{Command, Stdio},
};

use aws_lc_rs::digest::{SHA512, digest};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use keystay_agent::{key::Key, sign::SignError};

use crate::support::{Folder, load_file, wait};

#[test]
fn openssh_verifies_every_algorithm() {
    for (options, flags, algorithm) in [
        ("-t ed25519", 0, "ssh-ed25519"),
        ("-t ed25519", 4, "ssh-ed25519"),
        ("-t ecdsa -b 256", 0, "ecdsa-sha2-nistp256"),
        ("-t ecdsa -b 384", 0, "ecdsa-sha2-nistp384"),
        ("-t ecdsa -b 521", 0, "ecdsa-sha2-nistp521"),
        ("-t rsa -b 2048", 2, "rsa-sha2-256"),
        ("-t rsa -b 2048", 4, "rsa-sha2-512"),
        ("-t rsa -b 3072", 6, "rsa-sha2-256"),
        ("-t rsa -b 4096", 4, "rsa-sha2-512"),
    ] {
        let folder = Folder::new();
        let path = folder.key("key", options);
        let key = load_file(&path).unwrap();
        assert_eq!(key.algorithm_for(flags), Some(algorithm));
        // Numbers with leading zeros or a set high bit are written differently.
        for _ in 0..if options.contains("rsa") { 2 } else { 20 } {
            let signature = verified_by_openssh(&folder, &path, &key, flags);
            assert_eq!(&signature[4..4 + algorithm.len()], algorithm.as_bytes());
        }
    }
}

#[test]
fn rsa_is_never_signed_with_sha1() {
    let folder = Folder::new();
    let key = load_file(&folder.key("key", "-t rsa -b 2048")).unwrap();
    for flags in [0, 1, 8] {
        let refused = wait(key.signer.sign(b"data", flags)).unwrap_err();
        assert!(matches!(refused, SignError::AlgorithmNotAllowed));
        assert_eq!(key.algorithm_for(flags), None);
    }
}

#[test]
fn rsa_signatures_are_made_side_by_side() {
    let folder = Folder::new();
    let key = load_file(&folder.key("key", "-t rsa -b 2048")).unwrap();
    let made = wait(async {
        let sign = || key.signer.sign(b"data", 4);
        tokio::join!(
            sign(),
            sign(),
            sign(),
            sign(),
            sign(),
            sign(),
            sign(),
            sign()
        )
    });
    assert_eq!(made.0.unwrap(), made.7.unwrap());
}

#[test]
fn cores_are_the_secret_parts_of_each_type() {
    for (options, expected) in [
        ("-t ed25519", vec![("seed", 32)]),
        ("-t ecdsa -b 256", vec![("scalar", 32)]),
        ("-t ecdsa -b 384", vec![("scalar", 48)]),
        ("-t ecdsa -b 521", vec![("scalar", 66)]),
        (
            "-t rsa -b 2048",
            vec![
                ("p", 128),
                ("q", 128),
                ("d", 256),
                ("dP", 128),
                ("dQ", 128),
                ("qInv", 128),
            ],
        ),
    ] {
        let folder = Folder::new();
        let path = folder.key("key", options);
        let key = load_file(&path).unwrap();
        let file = fs::read(&path).unwrap();
        let body: Vec<u8> = file
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.starts_with(b"-"))
            .collect::<Vec<_>>()
            .concat();
        let file = STANDARD.decode(body).unwrap();
        for ((name, len), core) in expected.iter().zip(key.cores()) {
            let bytes = core.bytes.bytes();
            assert_eq!(core.name, *name);
            // One number in 256 is a byte shorter.
            assert!(
                bytes.len() <= *len && bytes.len() + 4 > *len,
                "{name} {}",
                bytes.len()
            );
            let digits: Vec<u8> = bytes
                .iter()
                .copied()
                .skip_while(|byte| *byte == 0)
                .collect();
            let in_file = file.windows(digits.len()).any(|window| window == digits);
            assert_eq!(in_file, !matches!(*name, "dP" | "dQ"), "{name}");
            assert!(
                !key.blob
                    .windows(digits.len())
                    .any(|window| window == digits)
            );
        }
        assert_eq!(key.cores().len(), expected.len());
    }
}

#[test]
fn debug_output_of_a_key_holds_no_core() {
    let folder = Folder::new();
    let key = load_file(&folder.key("key", "-t ed25519")).unwrap();
    let shown = format!("{key:?}");
    assert!(shown.contains("LocalSigner"));
    let seed = format!("{:?}", key.cores()[0].bytes.bytes());
    assert!(!shown.contains(&seed[1..20]));
}

/// Makes an SSHSIG (OpenSSH `PROTOCOL.sshsig`) and has `ssh-keygen` verify it; returns the
/// signature blob.
pub(crate) fn verified_by_openssh(folder: &Folder, path: &Path, key: &Key, flags: u32) -> Vec<u8> {
    let message = folder.write("message", b"a message");
    let hash = digest(&SHA512, b"a message");
    let mut signed = b"SSHSIG".to_vec();
    let mut file = [b"SSHSIG".as_slice(), &[0, 0, 0, 1]].concat();
    string(&mut file, &key.blob);
    for field in [b"file".as_slice(), b"", b"sha512"] {
        string(&mut signed, field);
        string(&mut file, field);
    }
    string(&mut signed, hash.as_ref());
    let signature = wait(key.signer.sign(&signed, flags)).unwrap();
    string(&mut file, &signature);
    let armored = format!(
        "-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n",
        STANDARD.encode(file)
    );
    let armored = folder.write("message.sig", armored);
    let public = fs::read_to_string(path.with_added_extension("pub")).unwrap();
    let signers = folder.write("signers", format!("someone {public}"));
    let output = Command::new("ssh-keygen")
        .args(["-Y", "verify", "-I", "someone", "-n", "file", "-f"])
        .arg(signers)
        .arg("-s")
        .arg(armored)
        .stdin(Stdio::from(File::open(message).unwrap()))
        .output()
        .expect("install openssh-client");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    signature
}

fn string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap().to_be_bytes());
    out.extend_from_slice(bytes);
}
