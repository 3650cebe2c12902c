//! What the broker says.

use std::fmt;

use super::ALGORITHM;
use crate::{
    DecodeError,
    limits::{MAX_TUNNEL_ERROR, MAX_TUNNEL_MESSAGE, MAX_TUNNEL_OUTPUT},
    wire::{Reader, Redacted, put_string},
};

/// The reply to one frame.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Reply<'a> {
    /// The stream is open.
    Opened {
        /// How long an exchange may ask to wait, in milliseconds; zero where connections are shared
        /// and a waiting one would hold up the others.
        wait: u16,
    },
    /// The stream is not opened, or has failed on this side.
    Refused {
        /// Why, for the person who reads the build's output: printable, one line; at most
        /// [`MAX_TUNNEL_MESSAGE`] bytes.
        message: &'a [u8],
    },
    /// What has happened on the stream.
    Exchanged {
        /// How many bytes of standard input have been taken so far.
        input_offset: u64,
        /// Standard output from where the request asked; at most [`MAX_TUNNEL_OUTPUT`] bytes.
        output: &'a [u8],
        /// Standard error from where the request asked; at most [`MAX_TUNNEL_ERROR`] bytes.
        error: &'a [u8],
        /// How the command ended, once everything it said is in this reply or before it.
        exit: Option<Exit>,
        /// How long to wait before asking again when nothing else is to be sent, in milliseconds.
        pause: u16,
    },
    /// The stream is closed.
    Closed,
}

/// How a command on the host ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exit(pub u8);

impl<'a> Reply<'a> {
    /// Decodes a signature blob, all of it.
    pub fn decode(signature: &'a [u8]) -> Result<Self, DecodeError> {
        let mut outer = Reader::new(signature);
        if outer.string()? != ALGORITHM.as_bytes() {
            return Err(DecodeError::UnexpectedText {
                what: "signature algorithm",
            });
        }
        let mut reader = Reader::new(outer.string()?);
        outer.finish()?;
        let reply = match reader.u8()? {
            OPENED => Self::Opened {
                wait: reader.u16()?,
            },
            REFUSED => Self::Refused {
                message: reader.string_up_to(MAX_TUNNEL_MESSAGE, "message")?,
            },
            EXCHANGED => Self::Exchanged {
                input_offset: reader.u64()?,
                output: reader.string_up_to(MAX_TUNNEL_OUTPUT, "output")?,
                error: reader.string_up_to(MAX_TUNNEL_ERROR, "error output")?,
                exit: match (reader.bool()?, reader.u8()?) {
                    (false, 0) => None,
                    (true, status) => Some(Exit(status)),
                    (false, number) => {
                        return Err(DecodeError::UnexpectedNumber {
                            what: "exit status",
                            number,
                        });
                    }
                },
                pause: reader.u16()?,
            },
            CLOSED => Self::Closed,
            number => {
                return Err(DecodeError::UnexpectedNumber {
                    what: "tunnel reply",
                    number,
                });
            }
        };
        reader.finish()?;
        Ok(reply)
    }

    /// Appends the signature blob to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        put_string(out, ALGORITHM.as_bytes());
        let length_word = out.len();
        out.extend_from_slice(&[0; 4]);
        self.encode_body(out);
        let length = out.len().saturating_sub(length_word).saturating_sub(4);
        let length = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
        if let Some(word) = out
            .get_mut(length_word..)
            .and_then(<[u8]>::first_chunk_mut::<4>)
        {
            *word = length;
        }
    }

    fn encode_body(&self, out: &mut Vec<u8>) {
        match self {
            Self::Opened { wait } => {
                out.push(OPENED);
                out.extend_from_slice(&wait.to_be_bytes());
            }
            Self::Refused { message } => {
                out.push(REFUSED);
                put_string(out, message);
            }
            Self::Exchanged {
                input_offset,
                output,
                error,
                exit,
                pause,
            } => {
                out.push(EXCHANGED);
                out.extend_from_slice(&input_offset.to_be_bytes());
                put_string(out, output);
                put_string(out, error);
                out.push(u8::from(exit.is_some()));
                out.push(exit.map_or(0, |exit| exit.0));
                out.extend_from_slice(&pause.to_be_bytes());
            }
            Self::Closed => out.push(CLOSED),
        }
    }
}

impl fmt::Debug for Reply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Opened { wait } => write!(f, "Opened({wait} ms)"),
            Self::Refused { message } => {
                write!(f, "Refused({})", String::from_utf8_lossy(message))
            }
            Self::Exchanged {
                input_offset,
                output,
                error,
                exit,
                pause,
            } => f
                .debug_struct("Exchanged")
                .field("input_offset", input_offset)
                .field("output", &Redacted(output.len()))
                .field("error", &Redacted(error.len()))
                .field("exit", exit)
                .field("pause", pause)
                .finish(),
            Self::Closed => f.write_str("Closed"),
        }
    }
}

const OPENED: u8 = 1;
const REFUSED: u8 = 2;
const EXCHANGED: u8 = 3;
const CLOSED: u8 = 4;
