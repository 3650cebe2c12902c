//! What limits the use of a key that is added.

use super::destination::{self, Destination};
use crate::{
    DecodeError,
    wire::{Reader, put_string},
};

/// One key constraint (RFC 9987 §3.2.7). A constraint that is not known has no known end: decoding
/// refuses it, and with it the whole message, as the specification asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Constraint<'a> {
    /// The key goes after so many seconds.
    Lifetime(u32),
    /// A person confirms each use.
    Confirm,
    /// Where the key may be used, `restrict-destination-v00@openssh.com`.
    RestrictDestination(Vec<Destination<'a>>),
}

/// Everything up to the end of the message; no kind may come twice.
pub(super) fn decode_list(mut reader: Reader<'_>) -> Result<Vec<Constraint<'_>>, DecodeError> {
    let mut constraints: Vec<Constraint<'_>> = Vec::new();
    while !reader.is_empty() {
        let constraint = Constraint::decode(&mut reader)?;
        if constraints.iter().any(|other| other.is_like(&constraint)) {
            return Err(DecodeError::UnexpectedText {
                what: "second constraint of a kind",
            });
        }
        constraints.push(constraint);
    }
    Ok(constraints)
}

impl<'a> Constraint<'a> {
    fn decode(reader: &mut Reader<'a>) -> Result<Self, DecodeError> {
        match reader.u8()? {
            LIFETIME => reader.u32().map(Self::Lifetime),
            CONFIRM => Ok(Self::Confirm),
            EXTENSION if reader.string()? == RESTRICT_DESTINATION => {
                destination::decode_list(reader.string()?).map(Self::RestrictDestination)
            }
            EXTENSION => Err(DecodeError::UnexpectedText {
                what: "constraint extension",
            }),
            number => Err(DecodeError::UnexpectedNumber {
                what: "constraint",
                number,
            }),
        }
    }

    /// Appends the constraint to `out`.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Lifetime(seconds) => {
                out.push(LIFETIME);
                out.extend_from_slice(&seconds.to_be_bytes());
            }
            Self::Confirm => out.push(CONFIRM),
            Self::RestrictDestination(destinations) => {
                out.push(EXTENSION);
                put_string(out, RESTRICT_DESTINATION);
                destination::encode_list(destinations, out);
            }
        }
    }

    fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

const LIFETIME: u8 = 1;
const CONFIRM: u8 = 2;
const EXTENSION: u8 = 255;
const RESTRICT_DESTINATION: &[u8] = b"restrict-destination-v00@openssh.com";
