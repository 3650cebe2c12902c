//! Keys that clients give to an agent.

use std::fmt;

use super::constraint::{self, Constraint};
use crate::{
    DecodeError,
    limits::MAX_KEY_BLOB,
    wire::{Reader, Redacted, put_string},
};

/// The contents of `SSH_AGENTC_ADD_IDENTITY` and `SSH_AGENTC_ADD_ID_CONSTRAINED` (RFC 9987 §3.2),
/// which differ in whether constraints follow. Numbers are `mpint`s as they came.
#[derive(Clone, PartialEq, Eq)]
pub struct AddIdentity<'a> {
    /// The key's type, as it stands before the key.
    pub key_type: &'a [u8],
    /// The certificate's blob where the type is one's; at most [`MAX_KEY_BLOB`] bytes.
    pub certificate: Option<&'a [u8]>,
    /// The private key.
    pub key: AddedKey<'a>,
    /// The comment; text of the outside.
    pub comment: &'a [u8],
    /// What limits its use; empty in the plain message.
    pub constraints: Vec<Constraint<'a>>,
}

/// A private key as it is added. What a certificate says already is not said again.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum AddedKey<'a> {
    /// RFC 9987 §3.2.3.
    Ed25519 {
        /// 32 bytes.
        public: &'a [u8],
        /// The seed, and the public key again.
        private: &'a [u8],
    },
    /// RFC 9987 §3.2.2.
    Ecdsa {
        /// The curve's name and the point; none beside a certificate.
        public: Option<(&'a [u8], &'a [u8])>,
        /// The scalar.
        scalar: &'a [u8],
    },
    /// RFC 9987 §3.2.4.
    Rsa {
        /// n and e; none beside a certificate.
        public: Option<(&'a [u8], &'a [u8])>,
        /// d, iqmp, p and q.
        private: [&'a [u8]; 4],
    },
}

impl<'a> AddIdentity<'a> {
    /// Decodes what follows the number of `SSH_AGENTC_ADD_IDENTITY`.
    pub fn decode(body: &'a [u8]) -> Result<Self, DecodeError> {
        let (identity, reader) = Self::decode_key(body)?;
        reader.finish()?;
        Ok(identity)
    }

    /// Decodes what follows the number of `SSH_AGENTC_ADD_ID_CONSTRAINED`.
    pub fn decode_constrained(body: &'a [u8]) -> Result<Self, DecodeError> {
        let (mut identity, reader) = Self::decode_key(body)?;
        identity.constraints = constraint::decode_list(reader)?;
        Ok(identity)
    }

    fn decode_key(body: &'a [u8]) -> Result<(Self, Reader<'a>), DecodeError> {
        let mut reader = Reader::new(body);
        let key_type = reader.string()?;
        let plain = key_type.strip_suffix(CERTIFICATE);
        let certificate = plain
            .map(|_| reader.string_up_to(MAX_KEY_BLOB, "certificate"))
            .transpose()?;
        let key = AddedKey::decode(plain.unwrap_or(key_type), plain.is_some(), &mut reader)?;
        let comment = reader.string()?;
        let identity = Self {
            key_type,
            certificate,
            key,
            comment,
            constraints: Vec::new(),
        };
        Ok((identity, reader))
    }

    /// Appends what follows the number to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        put_string(out, self.key_type);
        if let Some(certificate) = self.certificate {
            put_string(out, certificate);
        }
        self.key.encode(out);
        put_string(out, self.comment);
        for constraint in &self.constraints {
            constraint.encode(out);
        }
    }
}

impl<'a> AddedKey<'a> {
    fn decode(
        plain_type: &[u8],
        certified: bool,
        reader: &mut Reader<'a>,
    ) -> Result<Self, DecodeError> {
        let public = |reader: &mut Reader<'a>| {
            (!certified)
                .then(|| Ok((reader.string()?, reader.string()?)))
                .transpose()
        };
        match plain_type {
            b"ssh-ed25519" => Ok(Self::Ed25519 {
                public: reader.string()?,
                private: reader.string()?,
            }),
            b"ecdsa-sha2-nistp256" | b"ecdsa-sha2-nistp384" | b"ecdsa-sha2-nistp521" => {
                Ok(Self::Ecdsa {
                    public: public(reader)?,
                    scalar: reader.string()?,
                })
            }
            b"ssh-rsa" => Ok(Self::Rsa {
                public: public(reader)?,
                private: [
                    reader.string()?,
                    reader.string()?,
                    reader.string()?,
                    reader.string()?,
                ],
            }),
            _ => Err(DecodeError::UnexpectedText { what: "key type" }),
        }
    }

    fn encode(&self, out: &mut Vec<u8>) {
        match *self {
            Self::Ed25519 { public, private } => {
                put_string(out, public);
                put_string(out, private);
            }
            Self::Ecdsa { public, scalar } => {
                put_pair(out, public);
                put_string(out, scalar);
            }
            Self::Rsa { public, private } => {
                put_pair(out, public);
                for number in private {
                    put_string(out, number);
                }
            }
        }
    }
}

fn put_pair(out: &mut Vec<u8>, pair: Option<(&[u8], &[u8])>) {
    if let Some((first, second)) = pair {
        put_string(out, first);
        put_string(out, second);
    }
}

impl fmt::Debug for AddIdentity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AddIdentity")
            .field("key_type", &self.key_type.escape_ascii().to_string())
            .field(
                "certificate",
                &self.certificate.map(|it| Redacted(it.len())),
            )
            .field("key", &self.key)
            .field("comment", &self.comment.escape_ascii().to_string())
            .field("constraints", &self.constraints)
            .finish()
    }
}

impl fmt::Debug for AddedKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ed25519 { .. } => "Ed25519(…)",
            Self::Ecdsa { .. } => "Ecdsa(…)",
            Self::Rsa { .. } => "Rsa(…)",
        })
    }
}

const CERTIFICATE: &[u8] = b"-cert-v01@openssh.com";
