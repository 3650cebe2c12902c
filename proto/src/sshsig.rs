//! What `ssh-keygen -Y sign` and git sign: never the data itself, but its hash under a namespace.

use std::fmt;

use crate::{
    DecodeError, name,
    wire::{Reader, Redacted, put_string},
};

/// The signed data of an SSHSIG signature (OpenSSH PROTOCOL.sshsig §4).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SignedData<'a> {
    /// What the signature is for, such as `git` or `file`; never empty; text of the outside.
    pub namespace: &'a [u8],
    /// For later versions of the format; whatever stands there is kept.
    pub reserved: &'a [u8],
    /// The hash's name, such as `sha512`, a name as RFC 4251 §6 defines them.
    pub hash_algorithm: &'a str,
    /// The hash of what is signed.
    pub hash: &'a [u8],
}

impl<'a> SignedData<'a> {
    /// Decodes exactly the signed data of an SSHSIG signature.
    pub fn decode(data: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(data);
        preamble(&mut reader)?;
        let signed = Self {
            namespace: namespace(&mut reader)?,
            reserved: reader.string()?,
            hash_algorithm: name::parse(reader.string()?, "hash algorithm")?,
            hash: reader.string()?,
        };
        reader.finish()?;
        Ok(signed)
    }

    /// Appends the signed data to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(PREAMBLE);
        put_string(out, self.namespace);
        put_string(out, self.reserved);
        put_string(out, self.hash_algorithm.as_bytes());
        put_string(out, self.hash);
    }
}

fn preamble(reader: &mut Reader<'_>) -> Result<(), DecodeError> {
    if reader.array()? == *PREAMBLE {
        return Ok(());
    }
    Err(DecodeError::UnexpectedText { what: "preamble" })
}

fn namespace<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], DecodeError> {
    let namespace = reader.string()?;
    if namespace.is_empty() {
        return Err(DecodeError::UnexpectedLength {
            what: "namespace",
            length: 0,
        });
    }
    Ok(namespace)
}

impl fmt::Debug for SignedData<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedData")
            .field("namespace", &self.namespace.escape_ascii().to_string())
            .field("reserved", &Redacted(self.reserved.len()))
            .field("hash_algorithm", &self.hash_algorithm)
            .field("hash", &Redacted(self.hash.len()))
            .finish()
    }
}

const PREAMBLE: &[u8; 6] = b"SSHSIG";
