//! One connection to a grant's socket: a message in, a reply out, in order.

use std::{io, sync::Arc, time::Duration};

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

use crate::{grant::Grant, pipeline, policy::Bound};

/// Serves one connection until it ends, breaks a rule or stalls; each of the latter is recorded.
pub(crate) async fn run(grant: &Arc<Grant>, mut stream: UnixStream) {
    if let Err(End::Refused(reason, detail)) = exchange(grant, &mut stream).await {
        grant.refuse(reason, detail.as_deref()).await;
    }
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

async fn exchange(grant: &Arc<Grant>, stream: &mut UnixStream) -> Result<(), End> {
    let mut input = Input::default();
    let mut message = input
        .next(stream, FIRST_TIME)
        .await
        .map_err(|end| match end {
            End::Idle => stalled("nothing was sent"),
            end => end,
        })?;
    let mut bound = Bound::default();
    loop {
        let answering = grant.answering();
        let body = pipeline::answer(grant, &mut bound, &message).await;
        let mut reply = Vec::with_capacity(body.len().saturating_add(4));
        // A reply that cannot be framed is a defect on this side; the connection ends.
        frame::join_reply(&body, &mut reply).map_err(|_| End::Gone)?;
        let written = timeout(WRITE_TIME, stream.write_all(&reply)).await;
        written
            .map_err(|_| stalled("the reply was not taken"))?
            .map_err(|_| End::Gone)?;
        drop(answering);
        message = input.next(stream, IDLE_TIME).await?;
    }
}

/// Bytes of the peer that are not answered yet. They may hold private keys: those that are moved are
/// wiped where they were, and what is left when it is dropped. A message that was taken is wiped by
/// who took it.
#[derive(Default)]
pub(crate) struct Input {
    buffer: BytesMut,
}

impl Input {
    /// The next whole message. Its length is judged before room is made for it.
    pub(crate) async fn next(
        &mut self,
        stream: &mut UnixStream,
        idle: Duration,
    ) -> Result<BytesMut, End> {
        if let Some(message) = self.take()? {
            return Ok(message);
        }
        if self.buffer.is_empty() {
            let read = timeout(idle, self.fill(stream)).await;
            read.map_err(|_| End::Idle)?.map_err(|_| End::Gone)?;
        }
        let rest = async {
            loop {
                if let Some(message) = self.take()? {
                    return Ok(message);
                }
                self.fill(stream).await.map_err(|_| End::Gone)?;
            }
        };
        timeout(MESSAGE_TIME, rest)
            .await
            .map_err(|_| stalled("a message was not finished"))?
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

    async fn fill(&mut self, stream: &mut UnixStream) -> io::Result<()> {
        self.make_room();
        match stream.read_buf(&mut self.buffer).await? {
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

impl Drop for Input {
    fn drop(&mut self) {
        self.buffer.zeroize();
    }
}

fn too_long(error: FrameTooLong) -> End {
    let detail = format!("{} bytes, {MAX_MESSAGE} at most", error.length);
    End::Refused(Reason::TooLong, Some(detail))
}

fn stalled(detail: &str) -> End {
    End::Refused(Reason::Stalled, Some(detail.to_owned()))
}

/// Bytes before a message that say how long it is.
const LENGTH_WORD: usize = 4;
const READ_SIZE: usize = 4 * 1024;
/// Any message that adds a key fits.
const BUFFER_SIZE: usize = 16 * 1024;
/// How long a connection may be open before it asks for something: clients connect when they are
/// about to ask.
const FIRST_TIME: Duration = Duration::from_secs(30);
/// How long a connection may rest between two requests; it ends without a record.
const IDLE_TIME: Duration = Duration::from_mins(2);
/// How long a message may take from its first byte to its last.
const MESSAGE_TIME: Duration = Duration::from_secs(10);
/// How long the peer may take to read a reply.
const WRITE_TIME: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
