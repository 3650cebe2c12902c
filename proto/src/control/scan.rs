//! Looking for a grant's private keys in bytes.

use serde::{Deserialize, Serialize};

use crate::Fingerprint;

/// What was found in one run of plain bytes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScanReport {
    /// How many bytes were looked at.
    pub bytes: u64,
    /// What was found, in the order of its offset; at most 1,000, then `truncated` is set.
    pub hits: Vec<Hit>,
    /// Whether there was more than `hits` holds.
    pub truncated: bool,
}

/// A run of bytes that holds private key material.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hit {
    /// Where it begins.
    pub offset: u64,
    /// Whose it is.
    pub key: Fingerprint,
    /// How it is written.
    pub encoding: Encoding,
}

/// How key material is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// The bytes themselves.
    Raw,
    /// Hexadecimal digits.
    Hex,
    /// Base64, as in PEM and OpenSSH key files.
    Base64,
    /// Base64 of base64, as of a whole key file.
    DoubleBase64,
}
