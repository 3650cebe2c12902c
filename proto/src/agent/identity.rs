//! The identities that an agent lists.

use std::fmt;

use crate::{
    DecodeError,
    limits::{MAX_IDENTITIES, MAX_KEY_BLOB},
    wire::{Reader, Redacted, put_count, put_string},
};

/// One entry of `SSH_AGENT_IDENTITIES_ANSWER` (RFC 9987 §3.5).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Identity<'a> {
    /// The public key blob, opaque; at most [`MAX_KEY_BLOB`] bytes.
    pub key_blob: &'a [u8],
    /// The comment; text of the outside.
    pub comment: &'a [u8],
}

impl<'a> Identity<'a> {
    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(Self {
            key_blob: reader.string_up_to(MAX_KEY_BLOB, "key blob")?,
            comment: reader.string()?,
        })
    }

    fn encode(&self, out: &mut Vec<u8>) {
        put_string(out, self.key_blob);
        put_string(out, self.comment);
    }
}

/// A whole answer after its number: how many, then each.
pub(super) fn decode_list(mut reader: Reader<'_>) -> Result<Vec<Identity<'_>>, DecodeError> {
    let count = usize::try_from(reader.u32()?).unwrap_or(usize::MAX);
    if count > MAX_IDENTITIES {
        return Err(DecodeError::TooMany {
            what: "identities",
            limit: MAX_IDENTITIES,
        });
    }
    let identities = (0..count)
        .map(|_| Identity::decode(&mut reader))
        .collect::<Result<_, _>>()?;
    reader.finish()?;
    Ok(identities)
}

pub(super) fn encode_list(identities: &[Identity<'_>], out: &mut Vec<u8>) {
    put_count(out, identities.len());
    for identity in identities {
        identity.encode(out);
    }
}

impl fmt::Debug for Identity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Identity")
            .field("key_blob", &Redacted(self.key_blob.len()))
            .field("comment", &self.comment.escape_ascii().to_string())
            .finish()
    }
}
