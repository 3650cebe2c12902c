//! Bytes on their way out of the program.

use core::ops::Range;

use crate::sys::{self, Descriptor, Errno, Watch};

/// What is left to be written to a descriptor, told by where it stands in a buffer.
pub(crate) struct Output {
    to: Descriptor,
    left: Range<usize>,
}

/// Nobody reads any more.
pub(crate) struct Closed;

impl Output {
    /// Nothing to be written to `to`.
    pub(crate) fn new(to: Descriptor) -> Self {
        Self { to, left: 0..0 }
    }

    /// These bytes come next. Everything before them is written.
    pub(crate) fn set(&mut self, bytes: Range<usize>) {
        self.left = bytes;
    }

    /// Whether everything is written.
    pub(crate) fn is_done(&self) -> bool {
        self.left.is_empty()
    }

    /// What to wait for. A reader that goes away matters only if there is something to write: git
    /// stops to read before it closes its other end, and then asks for the exit status.
    pub(crate) fn watch(&self) -> Watch {
        if self.is_done() {
            Watch::NOTHING
        } else {
            Watch::writable(self.to)
        }
    }

    /// Writes what the reader has room for, while it has any.
    pub(crate) fn write(&mut self, buffer: &[u8]) -> Result<(), Closed> {
        while !self.is_done() {
            let mut watch = [self.watch()];
            sys::poll(&mut watch, 0);
            let [found] = watch;
            if !found.is_ready() {
                break;
            }
            let bytes = buffer.get(self.left.clone()).unwrap_or_default();
            let chunk = bytes.get(..sys::room(self.to)).unwrap_or(bytes);
            match sys::write(self.to, chunk) {
                Ok(0) | Err(Errno::AGAIN) => break,
                Ok(count) => self.left.start = self.left.start.saturating_add(count),
                Err(Errno::INTR) => {}
                Err(_) => return Err(Closed),
            }
        }
        Ok(())
    }
}
