//! Keys made by ssh-keygen.

use std::{fs, path::Path, process::Command};

use keystay_agent::scan::{Needles, Scanner};
use keystay_proto::{Fingerprint, control::ScanReport};
use ssh_key::PrivateKey;
use tempfile::TempDir;

/// The kinds of keys that are looked for, as `ssh-keygen -t … -b …` takes them.
pub(crate) const KINDS: [(&str, &str); 5] = [
    ("ed25519", "256"),
    ("rsa", "3072"),
    ("ecdsa", "256"),
    ("ecdsa", "384"),
    ("ecdsa", "521"),
];

/// A fresh key.
pub(crate) struct Key {
    folder: TempDir,
    pub(crate) fingerprint: Fingerprint,
    pub(crate) cores: Vec<Vec<u8>>,
    pub(crate) public: String,
}

impl Key {
    pub(crate) fn fresh(kind: &str, bits: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        keygen(
            &["-q", "-t", kind, "-b", bits, "-N", "", "-C", "someone"],
            &folder.path().join("k"),
        );
        let key = PrivateKey::from_openssh(fs::read(folder.path().join("k")).unwrap()).unwrap();
        let public = fs::read_to_string(folder.path().join("k.pub")).unwrap();
        let fingerprint = Fingerprint::of(&key.public_key().to_bytes().unwrap());
        Self {
            folder,
            fingerprint,
            cores: cores(&key),
            public,
        }
    }

    pub(crate) fn needles(&self) -> Needles {
        Needles::new(self.cores.iter().map(|core| (self.fingerprint, core)))
    }

    /// The key's file as ssh-keygen wrote it, and converted to PEM and PKCS#8.
    pub(crate) fn files(&self) -> Vec<Vec<u8>> {
        let original = self.folder.path().join("k");
        let mut files = vec![fs::read(&original).unwrap()];
        for format in ["PEM", "PKCS8"] {
            let copy = self.folder.path().join(format);
            fs::copy(&original, &copy).unwrap();
            keygen(&["-q", "-p", "-N", "", "-P", "", "-m", format], &copy);
            files.push(fs::read(copy).unwrap());
        }
        files
    }
}

pub(crate) fn scan(needles: &Needles, chunks: &[&[u8]]) -> ScanReport {
    let mut scanner = Scanner::new(needles);
    for chunk in chunks {
        scanner.push(chunk);
    }
    scanner.finish()
}

pub(crate) fn length(bytes: &[u8]) -> u64 {
    bytes.len().try_into().unwrap()
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    let digits = bytes
        .iter()
        .flat_map(|byte| format!("{byte:02x}").into_bytes());
    String::from_utf8(digits.collect()).unwrap()
}

fn keygen(args: &[&str], file: &Path) {
    let done = Command::new("ssh-keygen")
        .args(args)
        .arg("-f")
        .arg(file)
        .output()
        .unwrap();
    assert!(
        done.status.success(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
}

fn cores(key: &PrivateKey) -> Vec<Vec<u8>> {
    let data = key.key_data();
    if let Some(pair) = data.ed25519() {
        return vec![pair.private.to_bytes().to_vec()];
    }
    if let Some(pair) = data.ecdsa() {
        return vec![pair.private_key_bytes().to_vec()];
    }
    let rsa = data.rsa().unwrap().private();
    [rsa.d(), rsa.p(), rsa.q(), rsa.iqmp()]
        .map(|number| number.as_positive_bytes().unwrap().to_vec())
        .to_vec()
}
