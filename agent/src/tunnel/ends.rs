//! What the broker reads from and writes to.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Stream;

/// Standard input of a stream, until it ends.
#[derive(Debug)]
pub(crate) struct Input(pub(crate) Arc<Stream>);

/// Standard output of a stream; it takes no more than the shim fetches.
#[derive(Debug)]
pub(crate) struct Output(pub(crate) Arc<Stream>);

/// Standard error of a stream. It never waits: what is too much is dropped.
#[derive(Debug)]
pub(crate) struct Errors(pub(crate) Arc<Stream>);

impl AsyncRead for Input {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut progress = self.0.progress();
        if progress.input.len() == 0 && !progress.input_ended {
            progress.reader = Some(context.waker().clone());
            return Poll::Pending;
        }
        let count = progress.input.len().min(buffer.remaining());
        buffer.put_slice(progress.input.all().get(..count).unwrap_or_default());
        progress.input.take(count);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Output {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut progress = self.0.progress();
        let count = bytes.len().min(progress.output.room(OUTPUT_ROOM));
        if count == 0 && !bytes.is_empty() {
            progress.writer = Some(context.waker().clone());
            return Poll::Pending;
        }
        progress.output.push(bytes.get(..count).unwrap_or_default());
        drop(progress);
        self.0.tell();
        Poll::Ready(Ok(count))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Errors {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let mut progress = self.0.progress();
        let room = progress.error.room(ERROR_ROOM);
        progress
            .error
            .push(bytes.get(..room.min(bytes.len())).unwrap_or_default());
        drop(progress);
        self.0.tell();
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// How much standard output is kept for the shim, where memory is not short: one reply that is on its way, and the
/// next.
const OUTPUT_ROOM: usize = 2 * 1024 * 1024;
/// How much standard error is kept for the shim.
const ERROR_ROOM: usize = 64 * 1024;
