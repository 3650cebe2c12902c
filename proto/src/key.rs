//! Public keys as they travel: opaque blobs and their fingerprints.

use std::{fmt, str::FromStr};

use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::{
    DecodeError, name,
    wire::{Reader, Redacted, put_string},
};

/// The SHA-256 fingerprint of a public key blob, written `SHA256:` and unpadded base64 as OpenSSH
/// does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint([u8; 32]);

/// Text that is not a `SHA256:` fingerprint.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint is `SHA256:` and 43 base64 characters")]
pub struct FingerprintError;

/// The algorithm that a public key blob begins with (RFC 4253 §6.6), if it is a name as RFC 4251 §6
/// defines them. Nothing else in the blob is looked at.
#[must_use]
pub fn algorithm(blob: &[u8]) -> Option<&str> {
    let first = Reader::new(blob).string().ok()?;
    name::parse(first, "algorithm").ok()
}

/// A signature (RFC 4253 §6.6): the name of its algorithm, then what the algorithm makes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature<'a> {
    /// The signature algorithm, a name as RFC 4251 §6 defines them.
    pub algorithm: &'a str,
    /// The signature as the algorithm encodes it.
    pub blob: &'a [u8],
    /// What follows: nothing, but for security keys their flags and counter (OpenSSH PROTOCOL.u2f).
    pub suffix: &'a [u8],
}

impl<'a> Signature<'a> {
    /// Decodes a whole signature; whatever follows the blob is its suffix.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(bytes);
        Ok(Self {
            algorithm: name::parse(reader.string()?, "algorithm")?,
            blob: reader.string()?,
            suffix: reader.rest(),
        })
    }

    /// Appends the signature to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        put_string(out, self.algorithm.as_bytes());
        put_string(out, self.blob);
        out.extend_from_slice(self.suffix);
    }
}

impl fmt::Debug for Signature<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signature")
            .field("algorithm", &self.algorithm)
            .field("blob", &Redacted(self.blob.len()))
            .field("suffix", &Redacted(self.suffix.len()))
            .finish()
    }
}

impl Fingerprint {
    /// The fingerprint of a public key blob (RFC 4253 §6.6), byte for byte as given.
    #[must_use]
    pub fn of(blob: &[u8]) -> Self {
        Self(Sha256::digest(blob).into())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SHA256:{}", STANDARD_NO_PAD.encode(self.0))
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let encoded = text.strip_prefix("SHA256:").ok_or(FingerprintError)?;
        let bytes = STANDARD_NO_PAD
            .decode(encoded)
            .map_err(|_| FingerprintError)?;
        bytes.try_into().map(Self).map_err(|_| FingerprintError)
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = FingerprintError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}
