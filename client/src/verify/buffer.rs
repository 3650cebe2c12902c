//! Buffers that are used again. An allocator would spread hundreds of megabytes that pass in parts over its
//! arenas, and give little of them back.

use std::{
    io::{self, Read},
    mem,
    sync::{Mutex, PoisonError},
};

use bytes::Bytes;

/// Room for the next [`SIZE`] bytes of a stream. Who drops it gives it back.
#[derive(Debug)]
pub(super) struct Buffer {
    bytes: Box<[u8]>,
    filled: usize,
}

impl Buffer {
    /// An empty one.
    pub(super) fn new() -> Self {
        let spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Self {
            bytes: spare.unwrap_or_else(|| vec![0; SIZE].into()),
            filled: 0,
        }
    }

    /// Takes as many of these bytes as there is room for; what is left of them.
    pub(super) fn fill<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        let room = self.room();
        let (now, later) = bytes.split_at(bytes.len().min(room.len()));
        if let Some(room) = room.get_mut(..now.len()) {
            room.copy_from_slice(now);
        }
        self.filled += now.len();
        later
    }

    /// Reads until it is full or the stream ends; what was read before an error stays in it.
    pub(super) fn read(&mut self, mut from: impl Read) -> io::Result<()> {
        while !self.is_full() {
            match from.read(self.room()) {
                Ok(0) => break,
                Ok(more) => self.filled += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Whether no more fits in.
    pub(super) fn is_full(&self) -> bool {
        self.filled >= self.bytes.len()
    }

    fn room(&mut self) -> &mut [u8] {
        self.bytes.get_mut(self.filled..).unwrap_or_default()
    }

    /// The bytes in it, to be sent on.
    pub(super) fn freeze(self) -> Bytes {
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.bytes.get(..self.filled).unwrap_or_default()
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < MOST_SPARE {
            spare.push(mem::take(&mut self.bytes));
        }
    }
}

static SPARE: Mutex<Vec<Box<[u8]>>> = Mutex::new(Vec::new());
/// In bytes.
pub(super) const SIZE: usize = 256 << 10;
/// More than are on their way at a time.
const MOST_SPARE: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_buffer_takes_no_more_than_it_has_room_for() {
        let bytes = vec![7; SIZE + 3];
        let mut buffer = Buffer::new();
        assert_eq!(buffer.fill(&bytes), [7; 3]);
        assert!(buffer.is_full());
        assert_eq!(buffer.freeze(), bytes[..SIZE]);
    }

    struct Broken;

    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }

    #[test]
    fn what_was_read_before_an_error_stays() {
        let mut buffer = Buffer::new();
        let error = buffer.read(b"abc".chain(Broken)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
        assert_eq!(buffer.as_ref(), b"abc");
    }

    #[test]
    fn a_buffer_that_is_used_again_is_empty() {
        let mut buffer = Buffer::new();
        buffer.fill(b"old");
        drop(buffer.freeze());
        assert!(Buffer::new().as_ref().is_empty());
    }
}
