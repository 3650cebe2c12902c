//! Requests to sign.

use std::fmt;

use crate::{
    DecodeError,
    limits::MAX_KEY_BLOB,
    wire::{Reader, Redacted, put_string},
};

/// The contents of `SSH_AGENTC_SIGN_REQUEST` (RFC 9987 §3.6).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SignRequest<'a> {
    /// The public key blob of the key to sign with, opaque; at most [`MAX_KEY_BLOB`] bytes.
    pub key_blob: &'a [u8],
    /// What to sign.
    pub data: &'a [u8],
    /// How to sign it.
    pub flags: SignFlags,
}

/// The flags of a request to sign, unknown ones kept (RFC 9987 §6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct SignFlags(pub u32);

impl SignFlags {
    /// `SSH_AGENT_RSA_SHA2_256`: an RSA key signs as `rsa-sha2-256`.
    pub const RSA_SHA2_256: Self = Self(2);
    /// `SSH_AGENT_RSA_SHA2_512`: an RSA key signs as `rsa-sha2-512`.
    pub const RSA_SHA2_512: Self = Self(4);

    /// Whether every flag of `other` is set.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

impl<'a> SignRequest<'a> {
    pub(super) fn decode(mut reader: Reader<'a>) -> Result<Self, DecodeError> {
        let request = Self {
            key_blob: reader.string_up_to(MAX_KEY_BLOB, "key blob")?,
            data: reader.string()?,
            flags: SignFlags(reader.u32()?),
        };
        reader.finish()?;
        Ok(request)
    }

    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        put_string(out, self.key_blob);
        put_string(out, self.data);
        out.extend_from_slice(&self.flags.0.to_be_bytes());
    }
}

impl fmt::Debug for SignRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignRequest")
            .field("key_blob", &Redacted(self.key_blob.len()))
            .field("data", &Redacted(self.data.len()))
            .field("flags", &self.flags)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_flag_is_found_among_others() {
        assert!(SignFlags(6).contains(SignFlags::RSA_SHA2_512));
        assert!(!SignFlags(1).contains(SignFlags::RSA_SHA2_256));
    }
}
