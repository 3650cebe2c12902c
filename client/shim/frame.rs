//! The tunnel's frames, as `keystay_proto::tunnel` defines them, each in its agent message.

use core::ops::Range;

/// A frame to the broker.
pub(crate) enum Request<'a> {
    /// Open the stream.
    Open(Open<'a>),
    /// Send and receive.
    Exchange(Exchange<'a>),
    /// Forget the stream.
    Close,
}

/// What `ssh` was asked to do.
pub(crate) struct Open<'a> {
    /// The login name, empty where none was given.
    pub(crate) user: &'a [u8],
    /// The host.
    pub(crate) host: &'a [u8],
    /// The port, zero where none was given.
    pub(crate) port: u16,
    /// The command for the host.
    pub(crate) command: &'a [u8],
    /// The value of `GIT_PROTOCOL`.
    pub(crate) git_protocol: &'a [u8],
}

/// Bytes on their way, and room for others.
pub(crate) struct Exchange<'a> {
    /// Where in standard input `input` begins.
    pub(crate) input_offset: u64,
    /// Bytes of standard input.
    pub(crate) input: &'a [u8],
    /// Whether standard input ends after `input`.
    pub(crate) input_ends: bool,
    /// How many bytes of standard output have arrived.
    pub(crate) output_offset: u64,
    /// How many bytes of standard error have arrived.
    pub(crate) error_offset: u64,
    /// How many bytes of output the reply may hold.
    pub(crate) room: u32,
    /// How long the reply may wait, in milliseconds.
    pub(crate) wait: u16,
}

impl Request<'_> {
    /// Writes the whole message, length word included, and returns its length; nothing if `out` is too
    /// small.
    pub(crate) fn encode(&self, stream: &[u8; 16], out: &mut [u8]) -> Option<usize> {
        let mut writer = Writer { out, length: 0 };
        writer.counted(|message| {
            message.put(&[SIGN_REQUEST])?;
            message.counted(|key_blob| {
                key_blob.string(ALGORITHM)?;
                key_blob.put(stream)
            })?;
            message.counted(|data| self.encode_data(data))?;
            message.put(&[0; 4])
        })?;
        Some(writer.length)
    }

    fn encode_data(&self, data: &mut Writer<'_>) -> Option<()> {
        match self {
            Self::Open(open) => {
                data.put(&[1])?;
                data.string(open.user)?;
                data.string(open.host)?;
                data.put(&open.port.to_be_bytes())?;
                data.string(open.command)?;
                data.string(open.git_protocol)
            }
            Self::Exchange(exchange) => {
                data.put(&[2])?;
                data.put(&exchange.input_offset.to_be_bytes())?;
                data.string(exchange.input)?;
                data.put(&[u8::from(exchange.input_ends)])?;
                data.put(&exchange.output_offset.to_be_bytes())?;
                data.put(&exchange.error_offset.to_be_bytes())?;
                data.put(&exchange.room.to_be_bytes())?;
                data.put(&exchange.wait.to_be_bytes())
            }
            Self::Close => data.put(&[3]),
        }
    }
}

struct Writer<'a> {
    out: &'a mut [u8],
    length: usize,
}

impl Writer<'_> {
    fn put(&mut self, bytes: &[u8]) -> Option<()> {
        let (room, _) = self
            .out
            .get_mut(self.length..)?
            .split_at_mut_checked(bytes.len())?;
        room.copy_from_slice(bytes);
        self.length = self.length.checked_add(bytes.len())?;
        Some(())
    }

    fn string(&mut self, bytes: &[u8]) -> Option<()> {
        self.counted(|string| string.put(bytes))
    }

    /// A length word, and what it counts.
    fn counted(&mut self, write: impl FnOnce(&mut Self) -> Option<()>) -> Option<()> {
        let word = self.length;
        self.put(&[0; 4])?;
        let start = self.length;
        write(self)?;
        let count = u32::try_from(self.length.checked_sub(start)?).ok()?;
        *self.out.get_mut(word..)?.first_chunk_mut()? = count.to_be_bytes();
        Some(())
    }
}

/// What is said of a frame. Bytes are told by where in the message they stand.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Reply {
    /// The stream is open.
    Opened {
        /// How long an exchange may ask to wait, in milliseconds.
        wait: u16,
    },
    /// The stream is not opened, or has failed.
    Refused {
        /// Why.
        message: Range<usize>,
    },
    /// What has happened on the stream.
    Exchanged(Exchanged),
    /// The stream is closed.
    Closed,
    /// The frame did not reach the broker: the answer of an agent, or of a program on the way to it.
    Failure,
}

/// What has happened on the stream.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Exchanged {
    /// How many bytes of standard input have been taken so far.
    pub(crate) input_offset: u64,
    /// Standard output.
    pub(crate) output: Range<usize>,
    /// Standard error.
    pub(crate) error: Range<usize>,
    /// The exit status, once everything was said.
    pub(crate) exit: Option<u8>,
    /// How long to wait before asking again, in milliseconds.
    pub(crate) pause: u16,
}

impl Reply {
    /// Decodes a message without its length word, all of it; nothing if it is none of the tunnel's.
    pub(crate) fn decode(message: &[u8]) -> Option<Self> {
        let mut reader = Reader {
            bytes: message,
            position: 0,
        };
        if reader.u8()? == FAILURE {
            return reader.at_end().then_some(Self::Failure);
        }
        reader.position = 0;
        let reply = Self::decode_signature(&mut reader)?;
        reader.at_end().then_some(reply)
    }

    fn decode_signature(reader: &mut Reader<'_>) -> Option<Self> {
        if reader.u8()? != SIGN_RESPONSE || !reader.counts_the_rest()? {
            return None;
        }
        let algorithm = reader.string()?;
        if reader.bytes.get(algorithm)? != ALGORITHM || !reader.counts_the_rest()? {
            return None;
        }
        Some(match reader.u8()? {
            1 => Self::Opened {
                wait: u16::from_be_bytes(reader.array()?),
            },
            2 => Self::Refused {
                message: reader.string()?,
            },
            3 => Self::Exchanged(Exchanged::decode(reader)?),
            4 => Self::Closed,
            _ => return None,
        })
    }
}

impl Exchanged {
    fn decode(reader: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            input_offset: u64::from_be_bytes(reader.array()?),
            output: reader.string()?,
            error: reader.string()?,
            exit: match reader.array()? {
                [0, 0] => None,
                [1, status] => Some(status),
                _ => return None,
            },
            pause: u16::from_be_bytes(reader.array()?),
        })
    }
}

struct Reader<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl Reader<'_> {
    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let bytes = *self.bytes.get(self.position..)?.first_chunk()?;
        self.position = self.position.checked_add(N)?;
        Some(bytes)
    }

    fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_be_bytes)
    }

    fn count(&mut self) -> Option<usize> {
        usize::try_from(u32::from_be_bytes(self.array()?)).ok()
    }

    fn string(&mut self) -> Option<Range<usize>> {
        let count = self.count()?;
        let start = self.position;
        self.position = start.checked_add(count)?;
        (self.position <= self.bytes.len()).then_some(start..self.position)
    }

    /// Reads the length word of a string that must be the last thing there is.
    fn counts_the_rest(&mut self) -> Option<bool> {
        let count = self.count()?;
        Some(self.position.checked_add(count)? == self.bytes.len())
    }

    fn at_end(&self) -> bool {
        self.position == self.bytes.len()
    }
}

/// The name of the tunnel's keys and signatures.
pub(crate) const ALGORITHM: &[u8] = b"tunnel-v1@keystay";
/// The longest value of `GIT_PROTOCOL`, in bytes.
pub(crate) const MAX_GIT_PROTOCOL: usize = 256;
/// The most bytes of standard input in one frame.
pub(crate) const MAX_INPUT: usize = 64 * 1024;
/// The most bytes of standard output in one reply.
pub(crate) const MAX_OUTPUT: u32 = 1024 * 1024;
/// The most bytes of standard error in one reply.
pub(crate) const MAX_ERROR: usize = 16 * 1024;
/// The longest frame as an agent message, in bytes with its length word: one full of input.
pub(crate) const MAX_FRAME: usize = MAX_INPUT + 256;
/// The longest reply as an agent message, in bytes with its length word.
pub(crate) const MAX_REPLY: usize = 1024 * 1024 + MAX_ERROR + 260;

const FAILURE: u8 = 5;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;
