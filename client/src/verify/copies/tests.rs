use std::{fs, process::Command};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keystay_proto::control::{Encoding, Hit};

use super::{search::Search, *};

/// A key of this type with a passphrase, or without: its file and its fingerprint.
fn key(kind: &str, passphrase: &str) -> (Vec<u8>, Fingerprint) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("id");
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", kind, "-N", passphrase, "-f"])
        .arg(&path)
        .status()
        .expect("ssh-keygen is missing: install openssh-client");
    assert!(made.success());
    let public = fs::read_to_string(path.with_extension("pub")).unwrap();
    let blob = public.split(' ').nth(1).unwrap();
    let key = Fingerprint::of(&STANDARD.decode(blob).unwrap());
    (fs::read(path).unwrap(), key)
}

fn found(keys: &[Fingerprint], parts: &[&[u8]]) -> Vec<Hit> {
    let mut search = Search::new(keys);
    for part in parts {
        search.push(part);
    }
    search.finish()
}

#[test]
fn a_locked_copy_is_found_wherever_it_begins_and_however_it_is_wrapped() {
    for kind in ["ed25519", "ecdsa", "rsa"] {
        let (file, key) = key(kind, "secret");
        let text: String = String::from_utf8(file.clone()).unwrap();
        let body: String = text.lines().filter(|line| !line.starts_with('-')).collect();
        let bytes = STANDARD.decode(body).unwrap();
        let escaped = serde_json::to_vec(&text).unwrap();
        for form in [file.clone(), bytes, escaped] {
            for lead in 0..4 {
                let before = vec![b'x'; (128 << 10) - 40 + lead];
                for text in [
                    [&before[..], &form].concat(),
                    STANDARD.encode([&before[..], &form].concat()).into_bytes(),
                ] {
                    let hits = found(&[key], &text.chunks(1_000).collect::<Vec<_>>());
                    assert_eq!(hits.len(), 1, "{kind}, {lead}");
                    assert_eq!((hits[0].key, hits[0].encoding), (key, Encoding::Locked));
                }
            }
        }
    }
}

#[test]
fn anothers_copy_and_one_without_a_passphrase_are_none_of_its_findings() {
    let (locked, one) = key("ed25519", "secret");
    let (open, other) = key("ed25519", "");
    assert_eq!(found(&[other], &[&locked, &open]), []);
    assert_eq!(found(&[one], &[&locked]).len(), 1);
}

#[test]
fn a_locked_key_of_putty_is_found() {
    let (_, key) = key("ed25519", "");
    let text = format!(
        "PuTTY-User-Key-File-3: ssh-ed25519\r\nEncryption: {{}}\r\nComment: c\r\nPublic-Lines: 2\r\n{PPK}"
    );
    let blob = STANDARD.decode(PPK.replace("\r\n", "")).unwrap();
    let own = Fingerprint::of(&blob);
    assert_eq!(
        found(&[own], &[text.replace("{}", "aes256-cbc").as_bytes()]).len(),
        1
    );
    assert_eq!(found(&[own], &[text.replace("{}", "none").as_bytes()]), []);
    assert_eq!(
        found(&[key], &[text.replace("{}", "aes256-cbc").as_bytes()]),
        []
    );
}

const PPK: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIDcn8OafYMjEOx04ai5iVwcXdUZUXKdR\r\nKRxKKbLTU6hd\r\n";

proptest::proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..2_000)) {
        let text = [b"openssh-key-v1\0", &bytes[..], b"b3BlbnNzaC1rZXktdjEA", &bytes].concat();
        let key = Fingerprint::of(b"key");
        assert_eq!(found(&[key], &[&text, b"PuTTY-User-Key-File-", &bytes]), []);
    }
}
