//! What clients ask of an agent.

use std::fmt;

use super::{Extension, MessageNumber, SignRequest};
use crate::{
    DecodeError,
    wire::{Reader, Redacted},
};

/// A message to an agent (RFC 9987 §3).
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Request<'a> {
    /// List the keys; nothing follows the number.
    RequestIdentities,
    /// Sign.
    SignRequest(SignRequest<'a>),
    /// An extension, known or not.
    Extension(Extension<'a>),
    /// Every other number, known or not, with what follows it.
    Other {
        /// The number.
        number: MessageNumber,
        /// Everything after the number; it may hold a passphrase or a private key.
        body: &'a [u8],
    },
}

impl<'a> Request<'a> {
    /// Decodes the body of one frame, all of it.
    pub fn decode(body: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(body);
        let number = MessageNumber(reader.u8()?);
        Ok(match number {
            MessageNumber::REQUEST_IDENTITIES => {
                reader.finish()?;
                Self::RequestIdentities
            }
            MessageNumber::SIGN_REQUEST => Self::SignRequest(SignRequest::decode(reader)?),
            MessageNumber::EXTENSION => Self::Extension(Extension::decode(reader)?),
            number => Self::Other {
                number,
                body: reader.rest(),
            },
        })
    }

    /// Appends the message, without a length word, to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(self.number().0);
        match self {
            Self::RequestIdentities => {}
            Self::SignRequest(request) => request.encode(out),
            Self::Extension(extension) => extension.encode(out),
            Self::Other { body, .. } => out.extend_from_slice(body),
        }
    }

    /// The number that it begins with.
    #[must_use]
    pub fn number(&self) -> MessageNumber {
        match self {
            Self::RequestIdentities => MessageNumber::REQUEST_IDENTITIES,
            Self::SignRequest(_) => MessageNumber::SIGN_REQUEST,
            Self::Extension(_) => MessageNumber::EXTENSION,
            Self::Other { number, .. } => *number,
        }
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RequestIdentities => f.write_str("RequestIdentities"),
            Self::SignRequest(request) => request.fmt(f),
            Self::Extension(extension) => extension.fmt(f),
            Self::Other { number, body } => {
                write!(f, "Other({number}, {:?})", Redacted(body.len()))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passphrase_is_not_shown() {
        let request = Request::decode(b"\x16\0\0\0\x06secret");
        assert_eq!(
            format!("{request:?}"),
            "Ok(Other(SSH_AGENTC_LOCK, [10 bytes]))"
        );
    }

    #[test]
    fn a_control_character_in_an_extension_name_is_escaped() {
        let request = Request::decode(b"\x1b\0\0\0\x02\x1b[secret");
        let shown = r#"Ok(Extension { name: "\\x1b[", body: [6 bytes] })"#;
        assert_eq!(format!("{request:?}"), shown);
    }
}
