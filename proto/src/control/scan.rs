//! Looking for a grant's private keys in bytes.

use std::fmt;

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

/// How key material is written. Rows, separators and escapes between or within do not matter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// The bytes themselves, in either order.
    Raw,
    /// Hexadecimal digits.
    Hex,
    /// Hexadecimal digits with something around each byte or pair: `aa:bb`, `\xaa\xbb`,
    /// `0xaa, 0xbb`.
    SeparatedHex,
    /// Decimal numbers with commas between.
    Decimal,
    /// Base64, as in PEM and OpenSSH key files; also URL-safe, JSON- and percent-escaped.
    Base64,
    /// Base64 of base64, as of a whole key file.
    DoubleBase64,
    /// Base64 of base64 of base64.
    TripleBase64,
    /// Base64 of hexadecimal digits.
    HexInBase64,
    /// Hexadecimal digits of base64.
    Base64InHex,
    /// Base64 or hexadecimal digits in UTF-16.
    Utf16,
    /// Base64 of UTF-16, as of a command for PowerShell.
    Utf16InBase64,
    /// A key file that a passphrase locks, known by the public key that it names.
    Locked,
}

impl Encoding {
    /// Each of them.
    pub const ALL: [Self; 12] = [
        Self::Raw,
        Self::Hex,
        Self::SeparatedHex,
        Self::Decimal,
        Self::Base64,
        Self::DoubleBase64,
        Self::TripleBase64,
        Self::HexInBase64,
        Self::Base64InHex,
        Self::Utf16,
        Self::Utf16InBase64,
        Self::Locked,
    ];
}

impl fmt::Display for Encoding {
    /// What it is called in a sentence.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Raw => "raw bytes",
            Self::Hex => "hexadecimal digits",
            Self::SeparatedHex => "separated hexadecimal digits",
            Self::Decimal => "decimal numbers",
            Self::Base64 => "base64",
            Self::DoubleBase64 => "base64 of base64",
            Self::TripleBase64 => "base64 of base64 of base64",
            Self::HexInBase64 => "base64 of hexadecimal digits",
            Self::Base64InHex => "hexadecimal digits of base64",
            Self::Utf16 => "UTF-16 text",
            Self::Utf16InBase64 => "base64 of UTF-16 text",
            Self::Locked => "a copy that a passphrase locks",
        })
    }
}
