//! What was found, a place at a time.

use std::ops::Range;

use keystay_proto::{
    Fingerprint,
    control::{Encoding, Hit},
};

/// The places found so far; near ones of the same key and encoding are one.
#[derive(Default)]
pub(super) struct Hits {
    found: Vec<(Hit, u64)>,
    truncated: bool,
}

impl Hits {
    /// Adds a place, unless there are as many as are kept.
    pub(super) fn add(&mut self, text: Range<u64>, key: Fingerprint, encoding: Encoding) {
        let near = self.found.iter_mut().rev().find(|(hit, end)| {
            hit.key == key
                && hit.encoding == encoding
                && hit.offset <= text.end + NEAR
                && text.start <= *end + NEAR
        });
        if let Some((hit, end)) = near {
            hit.offset = hit.offset.min(text.start);
            *end = text.end.max(*end);
        } else if self.found.len() < MOST {
            self.found.push((
                Hit {
                    offset: text.start,
                    key,
                    encoding,
                },
                text.end,
            ));
        } else {
            self.truncated = true;
        }
    }

    /// Whether there were more places than are kept.
    pub(super) fn truncated(&self) -> bool {
        self.truncated
    }

    /// The places in their order, counted from `start`.
    pub(super) fn into_sorted(self, start: u64) -> Vec<Hit> {
        let mut hits: Vec<_> = self.found.into_iter().map(|(hit, _)| hit).collect();
        for hit in &mut hits {
            hit.offset = hit.offset.saturating_sub(start);
        }
        hits.sort_by_key(|hit| hit.offset);
        hits
    }
}

/// How many places are kept.
const MOST: usize = 1_000;
/// How far apart parts of one place may be, in bytes.
const NEAR: u64 = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_one_place_are_one_hit() {
        let key = Fingerprint::of(b"key");
        let mut hits = Hits::default();
        hits.add(1000..1040, key, Encoding::Base64);
        hits.add(1296..1330, key, Encoding::Base64);
        hits.add(900..990, key, Encoding::Base64);
        hits.add(1296..1330, key, Encoding::Hex);
        hits.add(2000..2001, key, Encoding::Base64);
        let offsets: Vec<_> = hits.into_sorted(0).iter().map(|hit| hit.offset).collect();
        assert_eq!(offsets, [900, 1296, 2000]);
    }

    #[test]
    fn a_thousand_are_kept() {
        let mut hits = Hits::default();
        for n in 0..1_001 {
            assert!(!hits.truncated());
            hits.add(
                n * 1_000..n * 1_000 + 40,
                Fingerprint::of(b"key"),
                Encoding::Raw,
            );
        }
        assert!(hits.truncated());
        assert_eq!(hits.into_sorted(0).len(), 1_000);
    }
}
