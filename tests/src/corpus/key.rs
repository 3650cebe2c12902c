//! Fresh keys, in every form that a program writes them in.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// The types of keys, each with its size as `ssh-keygen -b` takes it.
pub const KINDS: [(&str, &str); 3] = [("ed25519", "256"), ("ecdsa", "256"), ("rsa", "3072")];

/// A fresh key without a passphrase.
#[derive(Debug)]
pub struct Key {
    /// Its type.
    pub kind: &'static str,
    /// Its file.
    pub path: PathBuf,
    /// What the file holds.
    pub text: String,
    /// Its public half, one line.
    pub public: String,
}

impl Key {
    /// Makes a key in a folder.
    ///
    /// # Panics
    ///
    /// If `ssh-keygen` is missing or fails.
    #[must_use]
    #[track_caller]
    pub fn new(folder: &Path, (kind, bits): (&'static str, &str)) -> Self {
        let path = folder.join(format!("id_{kind}"));
        keygen(
            &["-q", "-t", kind, "-b", bits, "-N", "", "-C", "corpus"],
            &path,
        );
        let public = path.with_extension("pub");
        Self {
            kind,
            text: fs::read_to_string(&path).expect("the key"),
            public: fs::read_to_string(public).expect("its public half"),
            path,
        }
    }

    /// The key in another form: `PEM`, `PKCS8`, or `RFC4716`, which is OpenSSH's own.
    #[track_caller]
    pub(super) fn in_form(&self, form: &str, passphrase: &str) -> String {
        let copy = self.path.with_extension(format!("{form}-copy"));
        fs::copy(&self.path, &copy).expect("a copy");
        keygen(&["-q", "-p", "-m", form, "-P", "", "-N", passphrase], &copy);
        let text = fs::read_to_string(&copy).expect("the copy");
        fs::remove_file(&copy).expect("to remove it");
        text
    }

    /// The bytes inside the armour of the key's file.
    pub(super) fn bytes(&self) -> Vec<u8> {
        super::encode::unarmored(&self.text)
    }

    /// The number that is the key: the seed of an ed25519 key, the scalar of an ECDSA key, a prime of an
    /// RSA key, the highest byte first.
    #[track_caller]
    pub(super) fn number(&self) -> Vec<u8> {
        let fields = fields(&self.bytes());
        let place = match self.kind {
            // Before them stands the type. The second half is the public key.
            "ed25519" => return fields[2][..32].to_vec(),
            "ecdsa" => 3,
            _ => 5,
        };
        let number = fields[place].as_slice();
        number.strip_prefix(&[0]).unwrap_or(number).to_vec()
    }

    /// A certificate for the key, made by itself.
    #[track_caller]
    pub(super) fn certificate(&self) -> String {
        let public = self.path.with_extension("pub");
        let made = Command::new("ssh-keygen")
            .args(["-q", "-s"])
            .arg(&self.path)
            .args(["-I", "corpus", "-n", "git"])
            .arg(&public)
            .status();
        assert!(made.expect("ssh-keygen runs").success());
        let certificate = self
            .path
            .with_file_name(format!("id_{}-cert.pub", self.kind));
        fs::read_to_string(certificate).expect("the certificate")
    }

    /// The public half as `ssh-keygen -e` writes it.
    #[track_caller]
    pub(super) fn exported(&self, form: &str) -> String {
        let made = Command::new("ssh-keygen")
            .args(["-e", "-m", form, "-f"])
            .arg(self.path.with_extension("pub"))
            .output()
            .expect("ssh-keygen runs");
        String::from_utf8(made.stdout).expect("text")
    }
}

/// The fields of the private half of OpenSSH's own format (`PROTOCOL.key`), the type first.
#[track_caller]
fn fields(bytes: &[u8]) -> Vec<Vec<u8>> {
    let outer = strings(bytes.get(b"openssh-key-v1\0".len()..).expect("a key"), 3);
    let [_, _, _, rest] = outer.as_slice() else {
        panic!("cipher, derivation, its options, and the rest");
    };
    // Behind the count of keys the public half, then the private one, which begins with two numbers.
    let halves = strings(&rest[4..], 2);
    strings(&halves[1][8..], usize::MAX)
}

/// So many strings of RFC 4251, and the rest.
fn strings(mut bytes: &[u8], most: usize) -> Vec<Vec<u8>> {
    let mut strings = Vec::new();
    while strings.len() < most
        && let Some((length, rest)) = bytes.split_first_chunk()
        && let Some((string, rest)) = usize::try_from(u32::from_be_bytes(*length))
            .ok()
            .and_then(|length| rest.split_at_checked(length))
    {
        strings.push(string.to_vec());
        bytes = rest;
    }
    strings.push(bytes.to_vec());
    strings
}

#[track_caller]
fn keygen(arguments: &[&str], path: &Path) {
    let made = Command::new("ssh-keygen")
        .args(arguments)
        .arg("-f")
        .arg(path)
        .stdout(Stdio::null())
        .status()
        .expect("ssh-keygen is missing: install openssh-client");
    assert!(made.success());
}
