//! A run of bytes with its place in a stream.

use bytes::{Buf as _, BytesMut};

/// Bytes of a stream that one side has and the other may still ask for.
#[derive(Debug, Default)]
pub(super) struct Kept {
    start: u64,
    bytes: BytesMut,
}

impl Kept {
    /// The place of the first byte that has not come yet.
    pub(super) fn end(&self) -> u64 {
        self.start.saturating_add(length(self.bytes.len()))
    }

    /// How many bytes are kept.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Takes in bytes at the end.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// Takes in bytes that begin at `place`, without those that have come before. Bytes that leave
    /// a gap are not taken. At most `room` bytes are kept.
    pub(super) fn push_at(&mut self, place: u64, bytes: &[u8], room: usize) {
        let Some(known) = self.end().checked_sub(place) else {
            return;
        };
        let new = usize::try_from(known).ok().and_then(|at| bytes.get(at..));
        let new = new.unwrap_or_default();
        let count = new.len().min(room.saturating_sub(self.bytes.len()));
        self.bytes
            .extend_from_slice(new.get(..count).unwrap_or_default());
    }

    /// The bytes from `place` on, `most` at most; none where it lies outside of what is kept.
    pub(super) fn from(&self, place: u64, most: usize) -> &[u8] {
        let at = (place.checked_sub(self.start)).and_then(|at| usize::try_from(at).ok());
        let rest = at.and_then(|at| self.bytes.get(at..)).unwrap_or_default();
        rest.get(..most).unwrap_or(rest)
    }

    /// Forgets what lies before `place`, which has arrived.
    pub(super) fn forget(&mut self, place: u64) {
        let count = place.saturating_sub(self.start);
        if let Ok(count) = usize::try_from(count)
            && count <= self.bytes.len()
        {
            self.take(count);
        }
    }

    /// Forgets the first `count` bytes, or all.
    pub(super) fn take(&mut self, count: usize) {
        let count = count.min(self.bytes.len());
        self.bytes.advance(count);
        self.start = self.start.saturating_add(length(count));
    }

    /// Everything that is kept.
    pub(super) fn all(&self) -> &[u8] {
        &self.bytes
    }
}

/// A count of bytes as a place in a stream.
pub(super) fn length(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_come_twice_are_taken_once() {
        let mut kept = Kept::default();
        kept.push_at(0, b"abc", 9);
        kept.push_at(0, b"abcde", 9);
        kept.push_at(1, b"bc", 9);
        assert_eq!(kept.all(), b"abcde");
        kept.push_at(6, b"x", 9);
        assert_eq!(kept.end(), 5, "a gap is not filled");
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let mut kept = Kept::default();
        kept.push_at(0, b"abcdef", 4);
        assert_eq!((kept.all(), kept.end()), (&b"abcd"[..], 4));
    }

    #[test]
    fn what_has_arrived_is_forgotten_and_the_rest_can_be_asked_for_again() {
        let mut kept = Kept::default();
        kept.push(b"abcdef");
        assert_eq!(kept.from(2, 3), b"cde");
        kept.forget(2);
        assert_eq!((kept.from(2, 9), kept.from(0, 9)), (&b"cdef"[..], &b""[..]));
        kept.forget(1);
        kept.forget(99);
        assert_eq!(kept.all(), b"cdef", "a place outside changes nothing");
        assert_eq!(kept.end(), 6);
    }
}
