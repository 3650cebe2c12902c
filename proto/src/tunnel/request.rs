//! What the shim says.

use std::fmt;

use crate::{
    DecodeError,
    limits::{MAX_GIT_COMMAND, MAX_GIT_PROTOCOL, MAX_HOST, MAX_TUNNEL_INPUT, MAX_USER},
    wire::{Reader, Redacted, put_string},
};

/// A frame from the shim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// Open the stream, or be told again how that went.
    Open(Open<'a>),
    /// Send and receive.
    Exchange(Exchange<'a>),
    /// Forget the stream.
    Close,
}

/// What `ssh` was asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Open<'a> {
    /// The login name, empty where none was given; at most [`MAX_USER`] bytes.
    pub user: &'a [u8],
    /// The host as it was written; at most [`MAX_HOST`] bytes.
    pub host: &'a [u8],
    /// The port, zero where none was given.
    pub port: u16,
    /// The command for the host; at most [`MAX_GIT_COMMAND`] bytes.
    pub command: &'a [u8],
    /// The value of `GIT_PROTOCOL`, empty where it is not set; at most [`MAX_GIT_PROTOCOL`] bytes.
    pub git_protocol: &'a [u8],
}

/// Bytes on their way, and room for others.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Exchange<'a> {
    /// Where in the shim's standard input `input` begins.
    pub input_offset: u64,
    /// Bytes of the shim's standard input; at most [`MAX_TUNNEL_INPUT`].
    pub input: &'a [u8],
    /// Whether standard input ends after `input`.
    pub input_ends: bool,
    /// How many bytes of standard output have arrived; the reply goes on from here.
    pub output_offset: u64,
    /// How many bytes of standard error have arrived.
    pub error_offset: u64,
    /// How many bytes of output the reply may hold.
    pub room: u32,
    /// How long the reply may wait for something to tell, in milliseconds.
    pub wait: u16,
}

impl<'a> Request<'a> {
    /// Decodes the data of one request to sign, all of it.
    pub fn decode(data: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(data);
        let request = match reader.u8()? {
            OPEN => Self::Open(Open {
                user: reader.string_up_to(MAX_USER, "user")?,
                host: reader.string_up_to(MAX_HOST, "host")?,
                port: reader.u16()?,
                command: reader.string_up_to(MAX_GIT_COMMAND, "command")?,
                git_protocol: reader.string_up_to(MAX_GIT_PROTOCOL, "git protocol")?,
            }),
            EXCHANGE => Self::Exchange(Exchange {
                input_offset: reader.u64()?,
                input: reader.string_up_to(MAX_TUNNEL_INPUT, "input")?,
                input_ends: reader.bool()?,
                output_offset: reader.u64()?,
                error_offset: reader.u64()?,
                room: reader.u32()?,
                wait: reader.u16()?,
            }),
            CLOSE => Self::Close,
            number => {
                return Err(DecodeError::UnexpectedNumber {
                    what: "tunnel request",
                    number,
                });
            }
        };
        reader.finish()?;
        Ok(request)
    }

    /// Appends the data of the request to sign to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        match self {
            Self::Open(open) => {
                out.push(OPEN);
                put_string(out, open.user);
                put_string(out, open.host);
                out.extend_from_slice(&open.port.to_be_bytes());
                put_string(out, open.command);
                put_string(out, open.git_protocol);
            }
            Self::Exchange(exchange) => {
                out.push(EXCHANGE);
                out.extend_from_slice(&exchange.input_offset.to_be_bytes());
                put_string(out, exchange.input);
                out.push(u8::from(exchange.input_ends));
                out.extend_from_slice(&exchange.output_offset.to_be_bytes());
                out.extend_from_slice(&exchange.error_offset.to_be_bytes());
                out.extend_from_slice(&exchange.room.to_be_bytes());
                out.extend_from_slice(&exchange.wait.to_be_bytes());
            }
            Self::Close => out.push(CLOSE),
        }
    }
}

impl fmt::Debug for Exchange<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("input_offset", &self.input_offset)
            .field("input", &Redacted(self.input.len()))
            .field("input_ends", &self.input_ends)
            .field("output_offset", &self.output_offset)
            .field("error_offset", &self.error_offset)
            .field("room", &self.room)
            .field("wait", &self.wait)
            .finish()
    }
}

const OPEN: u8 = 1;
const EXCHANGE: u8 = 2;
const CLOSE: u8 = 3;
