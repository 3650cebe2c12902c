//! A key that an agent holds, as hints name it.

use std::fmt;

use keystay_proto::{Fingerprint, control::KeyInfo};

use keystay_proto::printable;

/// A key that an agent holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeldKey {
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// Its comment; text of the outside.
    pub comment: String,
}

impl HeldKey {
    pub(super) fn of(info: &KeyInfo) -> Self {
        Self {
            fingerprint: info.fingerprint,
            comment: info.comment.clone(),
        }
    }
}

impl fmt::Display for HeldKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let comment: String = self.comment.chars().take(MAX_COMMENT).collect();
        match comment.trim() {
            "" => write!(f, "{}", self.fingerprint),
            comment => write!(f, "{} ({})", self.fingerprint, printable(comment)),
        }
    }
}

const MAX_COMMENT: usize = 80;
