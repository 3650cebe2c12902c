//! The lab's keys as a person names them.

use std::process::Command;

use keystay_tests::lab::Lab;

/// The fingerprint of a key, by OpenSSH.
#[track_caller]
pub(crate) fn fingerprint(lab: &Lab, key: &str) -> String {
    let public = format!("{}.pub", lab.key(key).display());
    let output = Command::new("ssh-keygen").args(["-lf", &public]).output();
    let text = String::from_utf8(output.unwrap().stdout).unwrap();
    text.split(' ').nth(1).unwrap().to_owned()
}

/// A key file of the lab as a source.
pub(crate) fn file(lab: &Lab, key: &str) -> String {
    format!("file:{}", lab.key(key).display())
}
