//! A stream that comes in chunks, looked at as if it came whole.

use std::ops::Range;

/// Shows every place of a stream once, with a number of bytes before and behind it. It keeps few of them, and
/// copies only those around the seams between chunks.
#[derive(Debug)]
pub(super) struct Seams {
    /// How many bytes before a place are shown.
    back: usize,
    /// How many bytes from a place on.
    reach: usize,
    /// The last bytes of the stream.
    tail: Vec<u8>,
    /// Where in the stream they begin.
    base: u64,
    /// How many of them are places that were shown.
    shown: usize,
}

/// Bytes of a stream, and which of them are places that were not shown before.
pub(super) struct Shown<'s> {
    pub(super) bytes: &'s [u8],
    /// Where in the stream they begin.
    pub(super) base: u64,
    pub(super) places: Range<usize>,
}

impl Seams {
    /// The beginning of a stream.
    pub(super) fn new(back: usize, reach: usize) -> Self {
        Self {
            back,
            reach,
            tail: Vec::new(),
            base: 0,
            shown: 0,
        }
    }

    /// Shows what can be shown with the next bytes of the stream.
    pub(super) fn push(&mut self, chunk: &[u8], mut show: impl FnMut(&Shown<'_>)) {
        let around = self.back + self.reach;
        let Some(head) = chunk.get(..around) else {
            self.tail.extend_from_slice(chunk);
            if self.tail.len() >= MANY * around {
                let end = self.tail.len() - self.reach;
                show(&self.shown(end));
                self.keep(end);
            }
            return;
        };
        let seam = self.tail.len();
        self.tail.extend_from_slice(head);
        show(&self.shown(seam + self.back));
        self.base += length(seam);
        let end = chunk.len() - self.reach;
        show(&Shown {
            bytes: chunk,
            base: self.base,
            places: self.back..end,
        });
        let kept = end - self.back;
        self.tail.clear();
        self.tail
            .extend_from_slice(chunk.get(kept..).unwrap_or_default());
        self.base += length(kept);
        self.shown = self.back;
    }

    /// Shows the rest: the stream ends.
    pub(super) fn finish(&self, show: impl FnOnce(&Shown<'_>)) {
        show(&self.shown(self.tail.len()));
    }

    fn shown(&self, end: usize) -> Shown<'_> {
        Shown {
            bytes: &self.tail,
            base: self.base,
            places: self.shown..end,
        }
    }

    /// Forgets all but what is needed to show the places from here on.
    fn keep(&mut self, from: usize) {
        let passed = from.saturating_sub(self.back);
        self.tail.drain(..passed);
        self.base += length(passed);
        self.shown = from - passed;
    }
}

fn length(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// How often the bytes around a place small chunks are gathered to, so that few are copied.
const MANY: usize = 4;

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    const BACK: usize = 3;
    const REACH: usize = 10;

    proptest! {
        #[test]
        fn every_place_is_shown_once_with_what_is_around_it(
            chunks in vec(prop_oneof![vec(any::<u8>(), 0..20), vec(any::<u8>(), 20..80)], 0..20),
        ) {
            let whole = chunks.concat();
            let mut seams = Seams::new(BACK, REACH);
            let mut next = 0;
            let mut show = |shown: &Shown<'_>| {
                let base = usize::try_from(shown.base).unwrap();
                assert_eq!(base + shown.places.start, next);
                next = base + shown.places.end;
                for place in shown.places.clone() {
                    let from = place.saturating_sub(BACK);
                    let to = (place + REACH).min(shown.bytes.len());
                    let at = base + place;
                    assert_eq!(base + from, at.saturating_sub(BACK));
                    assert_eq!(base + to, (at + REACH).min(whole.len()));
                    assert_eq!(&shown.bytes[from..to], &whole[base + from..base + to]);
                }
            };
            for chunk in &chunks {
                seams.push(chunk, &mut show);
            }
            seams.finish(&mut show);
            assert_eq!(next, whole.len());
        }
    }
}
