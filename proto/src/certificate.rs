//! OpenSSH certificates (OpenSSH PROTOCOL.certkeys), one level deep: the keys inside stay opaque.

use crate::{
    DecodeError,
    limits::{MAX_KEY_BLOB, MAX_PRINCIPALS, MAX_SIGNATURE},
    wire::{Reader, put_string},
};

/// A certificate, as far as it is judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate<'a> {
    /// The blob of the key that is certified, without the certificate.
    pub key_blob: Vec<u8>,
    /// Whether it is a host's; a user's else.
    pub is_host: bool,
    /// The names that it is for.
    pub principals: Vec<&'a [u8]>,
    /// Seconds since 1970: the first in which it is valid, and the first after.
    pub valid: (u64, u64),
    /// The options that must be understood, undecoded.
    pub critical_options: &'a [u8],
    /// The blob of the key that signed it.
    pub authority: &'a [u8],
    /// What the authority signed.
    pub signed: &'a [u8],
    /// The authority's [`Signature`](crate::Signature), encoded.
    pub signature: &'a [u8],
}

impl<'a> Certificate<'a> {
    /// Decodes a whole certificate of the key types that Keystay signs with.
    pub fn decode(blob: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(blob);
        let key_type = reader.string()?;
        let plain = key_type
            .strip_suffix(b"-cert-v01@openssh.com")
            .ok_or(DecodeError::UnexpectedText { what: "key type" })?;
        reader.string()?;
        let key_blob = public_key(plain, &mut reader)?;
        reader.u64()?;
        let is_host = kind(reader.u32()?)?;
        reader.string()?;
        let principals = principals(reader.string()?)?;
        let valid = (reader.u64()?, reader.u64()?);
        let critical_options = reader.string()?;
        reader.string()?;
        reader.string()?;
        let authority = reader.string_up_to(MAX_KEY_BLOB, "key blob")?;
        let left = reader.rest().len();
        let signed = blob.split_at(blob.len().saturating_sub(left)).0;
        let signature = reader.string_up_to(MAX_SIGNATURE, "signature")?;
        reader.finish()?;
        Ok(Self {
            key_blob,
            is_host,
            principals,
            valid,
            critical_options,
            authority,
            signed,
            signature,
        })
    }
}

fn public_key(plain: &[u8], reader: &mut Reader<'_>) -> Result<Vec<u8>, DecodeError> {
    let fields = match plain {
        b"ssh-ed25519" => 1,
        b"ssh-rsa" | b"ecdsa-sha2-nistp256" | b"ecdsa-sha2-nistp384" | b"ecdsa-sha2-nistp521" => 2,
        _ => return Err(DecodeError::UnexpectedText { what: "key type" }),
    };
    let mut blob = Vec::new();
    put_string(&mut blob, plain);
    for _ in 0..fields {
        put_string(&mut blob, reader.string()?);
    }
    Ok(blob)
}

fn kind(number: u32) -> Result<bool, DecodeError> {
    match number {
        1 => Ok(false),
        2 => Ok(true),
        number => Err(DecodeError::UnexpectedNumber {
            what: "certificate type",
            number: u8::try_from(number).unwrap_or(u8::MAX),
        }),
    }
}

fn principals(bytes: &[u8]) -> Result<Vec<&[u8]>, DecodeError> {
    let mut reader = Reader::new(bytes);
    let mut all = Vec::new();
    while !reader.is_empty() {
        if all.len() >= MAX_PRINCIPALS {
            return Err(DecodeError::TooMany {
                what: "principals",
                limit: MAX_PRINCIPALS,
            });
        }
        all.push(reader.string()?);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_many_principals_are_read_as_openssh_reads() {
        let list = |count| {
            let mut list = Vec::new();
            (0..count).for_each(|_| put_string(&mut list, b"name"));
            list
        };
        assert_eq!(principals(&list(256)).unwrap().len(), 256);
        let limit = MAX_PRINCIPALS;
        let what = "principals";
        assert_eq!(
            principals(&list(257)),
            Err(DecodeError::TooMany { what, limit })
        );
    }
}
