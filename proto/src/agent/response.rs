//! What agents answer.

use std::fmt;

use super::{Extension, Identity, MessageNumber, identity};
use crate::{
    DecodeError,
    limits::MAX_SIGNATURE,
    wire::{Reader, Redacted, put_string},
};

/// A message from an agent (RFC 9987 §3).
#[derive(Clone, PartialEq, Eq)]
pub enum Response<'a> {
    /// It was not done, or is not known.
    Failure,
    /// It was done.
    Success,
    /// The keys.
    IdentitiesAnswer(Vec<Identity<'a>>),
    /// A signature.
    SignResponse {
        /// A [`Signature`](crate::Signature), encoded; at most [`MAX_SIGNATURE`] bytes.
        signature: &'a [u8],
    },
    /// An extension is known and failed.
    ExtensionFailure,
    /// An extension's answer.
    ExtensionResponse(Extension<'a>),
    /// Every other number, with what follows it.
    Other {
        /// The number.
        number: MessageNumber,
        /// Everything after the number.
        body: &'a [u8],
    },
}

impl<'a> Response<'a> {
    /// Decodes the body of one frame, all of it.
    pub fn decode(body: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(body);
        let number = MessageNumber(reader.u8()?);
        Ok(match number {
            MessageNumber::FAILURE => reader.finish().map(|()| Self::Failure)?,
            MessageNumber::SUCCESS => reader.finish().map(|()| Self::Success)?,
            MessageNumber::IDENTITIES_ANSWER => {
                Self::IdentitiesAnswer(identity::decode_list(reader)?)
            }
            MessageNumber::SIGN_RESPONSE => decode_signature(reader)?,
            MessageNumber::EXTENSION_FAILURE => reader.finish().map(|()| Self::ExtensionFailure)?,
            MessageNumber::EXTENSION_RESPONSE => {
                Self::ExtensionResponse(Extension::decode(reader)?)
            }
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
            Self::Failure | Self::Success | Self::ExtensionFailure => {}
            Self::IdentitiesAnswer(identities) => identity::encode_list(identities, out),
            Self::SignResponse { signature } => put_string(out, signature),
            Self::ExtensionResponse(extension) => extension.encode(out),
            Self::Other { body, .. } => out.extend_from_slice(body),
        }
    }

    /// The number that it begins with.
    #[must_use]
    pub fn number(&self) -> MessageNumber {
        match self {
            Self::Failure => MessageNumber::FAILURE,
            Self::Success => MessageNumber::SUCCESS,
            Self::IdentitiesAnswer(_) => MessageNumber::IDENTITIES_ANSWER,
            Self::SignResponse { .. } => MessageNumber::SIGN_RESPONSE,
            Self::ExtensionFailure => MessageNumber::EXTENSION_FAILURE,
            Self::ExtensionResponse(_) => MessageNumber::EXTENSION_RESPONSE,
            Self::Other { number, .. } => *number,
        }
    }

    /// Whether it says that the request failed, the numbers of old included.
    #[must_use]
    pub fn is_failure(&self) -> bool {
        matches!(
            self.number(),
            MessageNumber::FAILURE
                | MessageNumber::EXTENSION_FAILURE
                | MessageNumber::OLD_FAILURE
                | MessageNumber::OLD_COMMERCIAL_FAILURE
        )
    }
}

fn decode_signature(mut reader: Reader<'_>) -> Result<Response<'_>, DecodeError> {
    let signature = reader.string_up_to(MAX_SIGNATURE, "signature")?;
    reader.finish()?;
    Ok(Response::SignResponse { signature })
}

impl fmt::Debug for Response<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Failure => f.write_str("Failure"),
            Self::Success => f.write_str("Success"),
            Self::IdentitiesAnswer(list) => f.debug_tuple("IdentitiesAnswer").field(list).finish(),
            Self::SignResponse { signature } => {
                write!(f, "SignResponse({:?})", Redacted(signature.len()))
            }
            Self::ExtensionFailure => f.write_str("ExtensionFailure"),
            Self::ExtensionResponse(extension) => extension.fmt(f),
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
    fn failures_of_old_are_failures() {
        for body in [[5], [28], [30], [102]] {
            assert!(Response::decode(&body).unwrap().is_failure(), "{body:?}");
        }
        assert!(!Response::Success.is_failure());
    }

    #[test]
    fn a_signature_is_not_shown() {
        let response = Response::SignResponse { signature: b"abc" };
        assert_eq!(format!("{response:?}"), "SignResponse([3 bytes])");
    }
}
