//! Key files and public files that real tools write.

use std::process::Command;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keystay_proto::control::Encoding;
use sha2::Digest as _;

use crate::keys::{KINDS, Key, hex, length, scan};

#[test]
fn a_key_file_is_found_in_every_form_at_every_place() {
    for (kind, bits) in KINDS {
        let key = Key::fresh(kind, bits);
        let needles = key.needles();
        for file in key.files() {
            for (encoding, text) in forms(&file) {
                for at in [0, 1, 5, 4091, 131_000, 262_143] {
                    let stream = [vec![b'.'; at], text.clone(), vec![0; 700]].concat();
                    let place = length(&stream[..at])..length(&stream[..at + text.len()]);
                    let report = scan(&needles, &[&stream]);
                    let said = format!("{kind} {bits} {encoding:?} at {at}: {report:?}");
                    assert_eq!(report.bytes, length(&stream), "{said}");
                    assert!(!report.truncated && !report.hits.is_empty(), "{said}");
                    for hit in &report.hits {
                        assert_eq!(hit.key, key.fingerprint, "{said}");
                        assert_eq!(hit.encoding, encoding, "{said}");
                        assert!(place.contains(&hit.offset), "{said}");
                    }
                }
            }
        }
    }
}

#[test]
fn a_small_key_file_is_one_hit() {
    let key = Key::fresh("ed25519", "256");
    for file in key.files() {
        assert_eq!(scan(&key.needles(), &[&file]).hits.len(), 1);
    }
}

#[test]
fn an_ed25519_key_in_pkcs8_is_found() {
    let key = Key::fresh("ed25519", "256");
    let prefix = [
        0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
    ];
    let der = [&prefix[..], &key.cores[0]].concat();
    for text in [der.clone(), STANDARD.encode(&der).into_bytes()] {
        assert_eq!(scan(&key.needles(), &[&text]).hits.len(), 1);
    }
}

#[test]
fn what_an_ed25519_seed_expands_to_is_found() {
    let key = Key::fresh("ed25519", "256");
    let expanded: [u8; 64] = sha2::Sha512::digest(&key.cores[0]).into();
    let mut clamped = expanded;
    clamped[0] &= 0xf8;
    clamped[31] = (clamped[31] & 0x3f) | 0x40;
    for bytes in [&clamped[..32], &expanded[32..], &clamped[..]] {
        for text in [bytes.to_vec(), STANDARD.encode(bytes).into_bytes()] {
            assert_eq!(scan(&key.needles(), &[&text]).hits.len(), 1);
        }
    }
}

#[test]
fn each_number_of_an_rsa_key_is_found_alone() {
    let key = Key::fresh("rsa", "2048");
    let path = key.folder.path().join("PEM");
    key.files();
    let shown = Command::new("openssl")
        .args(["rsa", "-noout", "-text", "-in"])
        .arg(path)
        .output()
        .expect("openssl is needed: install openssl");
    let text = String::from_utf8(shown.stdout).unwrap();
    let is_name = |line: &&str| line.starts_with(|first: char| first.is_ascii_lowercase());
    let names = text.lines().filter(is_name).filter(|name| {
        let number = text.split_once(&format!("{name}\n")).unwrap().1;
        let number: String = (number.lines())
            .take_while(|line| line.starts_with(' '))
            .flat_map(|line| [line, "\n"])
            .collect();
        let hits = scan(&key.needles(), &[number.as_bytes()]).hits;
        hits.iter()
            .any(|hit| hit.encoding == Encoding::SeparatedHex)
    });
    let found: Vec<_> = names.map(|name| name.trim_end_matches(':')).collect();
    let numbers = [
        "privateExponent",
        "prime1",
        "prime2",
        "exponent1",
        "exponent2",
        "coefficient",
    ];
    assert_eq!(found, numbers);
}

#[test]
fn public_files_and_other_keys_never_alarm() {
    for (kind, bits) in KINDS {
        let key = Key::fresh(kind, bits);
        let other = Key::fresh(kind, bits);
        let needles = key.needles();
        let blob = STANDARD
            .decode(key.public.split(' ').nth(1).unwrap())
            .unwrap();
        let mut public = vec![
            key.public.clone(),
            format!("no-pty,command=\"true\" {}", key.public),
            format!("git.example,10.0.0.1 {}", key.public),
            STANDARD.encode(&key.public),
            STANDARD.encode(STANDARD.encode(&key.public)),
            hex(&blob),
            format!("{blob:?}"),
            format!("{blob:#04x?}"),
        ];
        public.extend(key.public_files());
        for text in public {
            assert!(
                scan(&needles, &[text.as_bytes()]).hits.is_empty(),
                "{kind} {text}"
            );
        }
        for file in other.files() {
            assert!(scan(&needles, &[&file]).hits.is_empty(), "{kind}");
        }
    }
}

#[test]
fn two_keys_are_told_apart() {
    let (one, two) = (Key::fresh("ed25519", "256"), Key::fresh("ecdsa", "256"));
    let both = [&one, &two];
    let cores = both
        .iter()
        .flat_map(|key| key.cores.iter().map(|core| (key.fingerprint, core)));
    let needles = keystay_agent::scan::Needles::new(cores).unwrap();
    let report = scan(&needles, &[&two.files()[0], &[0; 999], &one.files()[0]]);
    let found: Vec<_> = report.hits.iter().map(|hit| hit.key).collect();
    assert_eq!(found, [two.fingerprint, one.fingerprint]);
}

#[test]
fn the_needles_of_every_kind_of_key_pass_their_own_check() {
    for (kind, bits) in KINDS {
        let needles = Key::fresh(kind, bits).needles();
        assert_eq!(needles.self_check(), Ok(()));
        assert!(
            needles.size() < 6 << 20,
            "{kind} {bits}: {}",
            needles.size()
        );
    }
}

#[test]
fn a_search_without_needles_finds_nothing_and_counts_the_bytes() {
    let key = Key::fresh("ed25519", "256");
    let none = keystay_agent::scan::Needles::new(Vec::<(_, Vec<u8>)>::new()).unwrap();
    assert!(none.is_empty());
    let file = &key.files()[0];
    assert_eq!(
        scan(&none, &[file, &vec![0; 300_000]]).bytes,
        300_000 + length(file)
    );
}

/// The file itself, and as people put files into Dockerfiles and scripts.
fn forms(file: &[u8]) -> Vec<(Encoding, Vec<u8>)> {
    let whole = STANDARD.encode(file);
    let wrapped = whole.as_bytes().chunks(76).collect::<Vec<_>>().join(&b'\n');
    let escaped = String::from_utf8_lossy(file)
        .replace('\n', "\\n")
        .into_bytes();
    let one_line = String::from_utf8_lossy(file)
        .replace('\n', " ")
        .into_bytes();
    let body: String = String::from_utf8_lossy(file)
        .lines()
        .filter(|line| !line.starts_with('-'))
        .collect();
    let der = STANDARD.decode(body).unwrap();
    vec![
        (Encoding::Base64, file.to_vec()),
        (Encoding::Base64, escaped),
        (Encoding::Base64, one_line),
        (Encoding::DoubleBase64, whole.into_bytes()),
        (Encoding::DoubleBase64, wrapped),
        (Encoding::Hex, hex(&der).into_bytes()),
        (Encoding::Hex, hex(&der).to_uppercase().into_bytes()),
        (Encoding::Raw, der),
    ]
}
