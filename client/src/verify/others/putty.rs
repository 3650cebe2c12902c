//! Key files of PuTTY, versions 2 and 3 (PuTTY's manual, appendix C).

use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};

use super::{Kind, known};

/// How far a text was read that begins with [`BEGIN`], and what key it is.
pub(super) fn key(text: &[u8]) -> (usize, Option<Kind>) {
    let (mut length, mut file) = (0, File::default());
    for line in text.split_inclusive(|byte| *byte == b'\n').take(MOST_LINES) {
        length += line.len();
        file.read(line.trim_ascii());
        if file.left == Some(0) {
            return (length, file.kind());
        }
    }
    (length, None)
}

#[derive(Default)]
struct File {
    is_locked: Option<bool>,
    /// How many lines of the private part are still to come.
    left: Option<usize>,
    digits: Vec<u8>,
}

impl File {
    fn read(&mut self, line: &[u8]) {
        if let Some(left) = &mut self.left {
            self.digits.extend_from_slice(line);
            *left = left.saturating_sub(1);
        } else if let Some(name) = line.strip_prefix(b"Encryption: ") {
            self.is_locked = Some(name != b"none");
        } else if let Some(count) = line.strip_prefix(b"Private-Lines: ") {
            self.left = str::from_utf8(count)
                .ok()
                .and_then(|text| text.parse().ok());
        }
    }

    fn kind(&self) -> Option<Kind> {
        let bytes = STANDARD.decode(&self.digits).ok()?;
        (bytes.len() >= SHORTEST).then_some(())?;
        Some(Kind::Key {
            form: "PuTTY",
            is_locked: self.is_locked?,
            published: known::publisher(&Sha256::digest(&bytes).into()),
        })
    }
}

/// How a key begins.
pub(super) const BEGIN: &[u8] = b"PuTTY-User-Key-File-";
/// More than the file of an RSA key of 16,384 bits has.
const MOST_LINES: usize = 200;
/// An ECDSA key of 256 bits has its number only.
const SHORTEST: usize = 32;
