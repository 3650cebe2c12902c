//! Key files that a test makes for itself, and what is known about them.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use keystay_tests::env::Env;

/// A new key in the person's home, without a passphrase. No server knows it.
#[track_caller]
pub(crate) fn new_key(env: &Env, name: &str, kind: &str) -> PathBuf {
    let path = env.home_file(name, "");
    loop {
        fs::remove_file(&path).unwrap();
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", kind, "-N", "", "-C", name, "-f"])
            .arg(&path)
            .status();
        assert!(made.unwrap().success());
        // A search passes over the zeros that a secret begins with, and would tell of the next byte.
        if kind != "ed25519" || fs::read(&path).unwrap()[SECRET] != b'A' {
            return path;
        }
    }
}

/// Where the secret part begins in a key file of ed25519: behind the armour's first line and three whole
/// rows of 70 characters.
pub(crate) const SECRET: usize = 254;

/// Writes the key in another form (`PEM` or `PKCS8`) beside it.
#[track_caller]
pub(crate) fn in_form(key: &Path, form: &str) -> PathBuf {
    let other = key.with_added_extension(form.to_lowercase());
    fs::copy(key, &other).unwrap();
    let made = Command::new("ssh-keygen")
        .args(["-q", "-p", "-P", "", "-N", "", "-m", form, "-f"])
        .arg(&other)
        .output();
    assert!(made.unwrap().status.success());
    other
}

/// The fingerprint that OpenSSH shows.
#[track_caller]
pub(crate) fn fingerprint(key: &Path) -> String {
    let output = Command::new("ssh-keygen").arg("-lf").arg(key).output();
    let line = String::from_utf8(output.unwrap().stdout).unwrap();
    line.split(' ').nth(1).unwrap().to_owned()
}

/// The public half as `ssh-add -L` shows it without a comment.
#[track_caller]
pub(crate) fn public(key: &Path) -> String {
    let text = fs::read_to_string(key.with_added_extension("pub")).unwrap();
    let words: Vec<_> = text.split(' ').take(2).collect();
    words.join(" ").trim().to_owned()
}
