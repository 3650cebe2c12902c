//! Streams that end when their holder lets go.

use std::{
    convert::Infallible,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::oneshot,
};

/// What a connection goes over.
pub(super) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Wire for S {}

/// Holds a stream; when it is dropped, every read and write of the stream fails.
#[derive(Debug)]
pub(super) struct Tether {
    _end: oneshot::Sender<Infallible>,
}

/// A stream that is held.
///
/// The SSH library runs each connection in a task of its own, which cannot be aborted from outside
/// and does not look at its handle while keys are exchanged; it does end with its stream.
pub(super) struct Tethered {
    wire: Box<dyn Wire>,
    end: oneshot::Receiver<Infallible>,
    let_go: bool,
}

impl Tethered {
    /// The stream, and what holds it.
    pub(super) fn new(wire: Box<dyn Wire>) -> (Self, Tether) {
        let (sender, end) = oneshot::channel();
        let tethered = Self {
            wire,
            end,
            let_go: false,
        };
        (tethered, Tether { _end: sender })
    }

    fn check(&mut self, context: &mut Context<'_>) -> io::Result<()> {
        self.let_go = self.let_go || Pin::new(&mut self.end).poll(context).is_ready();
        if self.let_go {
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }
}

impl AsyncRead for Tethered {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.wire).poll_read(context, buffer)
    }
}

impl AsyncWrite for Tethered {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.check(context)?;
        Pin::new(&mut self.wire).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.wire).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check(context)?;
        Pin::new(&mut self.wire).poll_shutdown(context)
    }
}
