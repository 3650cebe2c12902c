//! A run of bytes with its place in a stream.

use std::sync::Arc;

use super::memory::{Held, Memory};

/// Bytes of a stream that one side has and the other may still ask for.
#[derive(Debug)]
pub(super) struct Kept {
    start: u64,
    bytes: Vec<u8>,
    held: Held,
}

impl Kept {
    /// No bytes; those that come are counted in `memory`.
    pub(super) fn new(memory: &Arc<Memory>) -> Self {
        Self {
            start: 0,
            bytes: Vec::new(),
            held: memory.hold(0),
        }
    }

    /// The place of the first byte that has not come yet.
    pub(super) fn end(&self) -> u64 {
        self.start.saturating_add(length(self.bytes.len()))
    }

    /// How many bytes are kept.
    pub(super) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// How many bytes more are taken in so that there are `most`, or fewer where memory is short.
    pub(super) fn room(&self, most: usize) -> usize {
        most.min(self.held.share()).saturating_sub(self.bytes.len())
    }

    /// Takes in bytes at the end.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.held.set(self.bytes.capacity());
    }

    /// Takes in bytes that begin at `place`, without those that have come before, as far as there is
    /// [room](Self::room). Bytes that leave a gap are not taken.
    pub(super) fn push_at(&mut self, place: u64, bytes: &[u8], most: usize) {
        let Some(known) = self.end().checked_sub(place) else {
            return;
        };
        let new = usize::try_from(known).ok().and_then(|at| bytes.get(at..));
        let new = new.unwrap_or_default();
        let count = new.len().min(self.room(most));
        self.push(new.get(..count).unwrap_or_default());
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
        self.bytes.drain(..count);
        self.start = self.start.saturating_add(length(count));
        // It counts as long as it is not given back; to have it anew each time would be slow.
        if self.bytes.capacity() > self.held.share() {
            self.bytes.shrink_to_fit();
        }
        self.held.set(self.bytes.capacity());
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
    use super::{super::memory::FLOOR, *};

    fn kept() -> Kept {
        Kept::new(&Arc::new(Memory::of_agent()))
    }

    #[test]
    fn what_is_forgotten_is_given_back_where_memory_is_short() {
        let memory = Arc::new(Memory::of_grant(&Arc::new(Memory::of_agent())));
        let mut kept = Kept::new(&memory);
        let _others = memory.hold(24 << 20);
        let held = |memory: &Memory| memory.held() - (24 << 20);
        kept.push(&vec![0; 64 * FLOOR]);
        assert_eq!(held(&memory), 64 * FLOOR);
        kept.take(63 * FLOOR);
        assert_eq!((kept.len(), held(&memory)), (FLOOR, FLOOR));
        kept.take(FLOOR);
        drop(kept);
        assert_eq!(held(&memory), 0);
    }

    #[test]
    fn bytes_that_come_twice_are_taken_once() {
        let mut kept = kept();
        kept.push_at(0, b"abc", 9);
        kept.push_at(0, b"abcde", 9);
        kept.push_at(1, b"bc", 9);
        assert_eq!(kept.all(), b"abcde");
        kept.push_at(6, b"x", 9);
        assert_eq!(kept.end(), 5, "a gap is not filled");
    }

    #[test]
    fn no_more_is_kept_than_there_is_room_for() {
        let mut kept = kept();
        kept.push_at(0, b"abcdef", 4);
        assert_eq!((kept.all(), kept.end()), (&b"abcd"[..], 4));
    }

    #[test]
    fn what_has_arrived_is_forgotten_and_the_rest_can_be_asked_for_again() {
        let mut kept = kept();
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
