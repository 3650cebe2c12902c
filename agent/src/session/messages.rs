//! The messages of one connection, in both directions.

use std::{io, time::Duration};

use bytes::{Buf as _, BytesMut};
use keystay_proto::{
    control::Reason,
    frame::{self, FrameTooLong},
    limits::MAX_MESSAGE,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    time::timeout,
};
use zeroize::Zeroize as _;

/// A connection, and what its peer has sent that is not answered yet. That may hold private keys: what is
/// moved is wiped where it was, and what is left when this is dropped. A message that was taken is wiped by who
/// took it.
pub(crate) struct Messages {
    stream: UnixStream,
    buffer: BytesMut,
}

/// Why a connection ends.
pub(crate) enum End {
    /// The peer has said nothing for as long as it may.
    Idle,
    /// The peer left, or reading or writing failed.
    Gone,
    /// The peer broke a rule.
    Refused(Reason, Option<String>),
}

impl Messages {
    pub(crate) fn of(stream: UnixStream) -> Self {
        Self {
            stream,
            buffer: BytesMut::new(),
        }
    }

    /// The next whole message. Its length is judged before room is made for it.
    pub(crate) async fn next(&mut self, idle: Duration) -> Result<BytesMut, End> {
        if let Some(message) = self.take()? {
            return Ok(message);
        }
        if self.buffer.is_empty() {
            let read = timeout(idle, self.fill()).await;
            read.map_err(|_| End::Idle)?.map_err(|_| End::Gone)?;
        }
        let rest = async {
            loop {
                if let Some(message) = self.take()? {
                    return Ok(message);
                }
                self.fill().await.map_err(|_| End::Gone)?;
            }
        };
        timeout(MESSAGE_TIME, rest)
            .await
            .map_err(|_| stalled("a message was not finished"))?
    }

    /// Sends a reply that is framed already; the peer may take this long to read it.
    pub(crate) async fn reply(&mut self, reply: &[u8], patience: Duration) -> Result<(), End> {
        let written = timeout(patience, self.stream.write_all(reply)).await;
        written
            .map_err(|_| stalled("the reply was not taken"))?
            .map_err(|_| End::Gone)
    }

    /// Takes the first message off without moving those behind it, which may be many.
    fn take(&mut self) -> Result<Option<BytesMut>, End> {
        let Some((_, rest)) = frame::split(&self.buffer).map_err(too_long)? else {
            return Ok(None);
        };
        let mut message = self
            .buffer
            .split_to(self.buffer.len().saturating_sub(rest.len()));
        message.advance(LENGTH_WORD);
        Ok(Some(message))
    }

    async fn fill(&mut self) -> io::Result<()> {
        self.make_room();
        match self.stream.read_buf(&mut self.buffer).await? {
            0 => Err(io::ErrorKind::UnexpectedEof.into()),
            _ => Ok(()),
        }
    }

    /// Makes room for one read. Growing a buffer by its own means leaves a copy behind.
    fn make_room(&mut self) {
        let has_room = |buffer: &BytesMut| buffer.capacity() - buffer.len() >= READ_SIZE;
        if has_room(&self.buffer) || self.buffer.is_empty() && self.buffer.try_reclaim(READ_SIZE) {
            return;
        }
        let capacity = self.buffer.len().saturating_mul(2).max(BUFFER_SIZE);
        let mut moved = BytesMut::with_capacity(capacity);
        moved.extend_from_slice(&self.buffer);
        self.buffer.zeroize();
        self.buffer = moved;
    }
}

impl Drop for Messages {
    fn drop(&mut self) {
        self.buffer.zeroize();
    }
}

fn too_long(error: FrameTooLong) -> End {
    let detail = format!("{} bytes, {MAX_MESSAGE} at most", error.length);
    End::Refused(Reason::TooLong, Some(detail))
}

pub(super) fn stalled(detail: &str) -> End {
    End::Refused(Reason::Stalled, Some(detail.to_owned()))
}

/// Bytes before a message that say how long it is.
const LENGTH_WORD: usize = 4;
const READ_SIZE: usize = 4 * 1024;
/// Any message that adds a key fits.
const BUFFER_SIZE: usize = 16 * 1024;
/// How long a message may take from its first byte to its last.
const MESSAGE_TIME: Duration = Duration::from_secs(10);
