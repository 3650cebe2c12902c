//! Every 8-byte window of every pattern, to be looked up fast.

use zeroize::Zeroizing;

use super::pattern::{DENSE, Pattern};

/// A hash table from windows to places in patterns, behind a bitmap that turns nearly every
/// window of ordinary text away at the cost of one multiplication and one load.
///
/// It is the keys in another form, and is wiped when dropped.
pub(super) struct Table {
    /// Two bits of one word for each window.
    bitmap: Zeroizing<Vec<u64>>,
    bitmap_shift: u32,
    places: Zeroizing<Vec<u32>>,
    slot_shift: u32,
}

impl Table {
    /// The table of these patterns, each at most 255 bytes long.
    pub(super) fn of(patterns: &[Pattern]) -> Self {
        let windows = |pattern: &Pattern| pattern.written.text.len() / pattern.step;
        let mut table = Self::with_room_for(patterns.iter().map(windows).sum());
        for (number, pattern) in patterns.iter().enumerate() {
            let windows = pattern.written.text.array_windows::<WINDOW>().enumerate();
            for (offset, window) in windows.step_by(pattern.step) {
                let window = u64::from_le_bytes(*window);
                if is_distinctive(window) && !table.stands_for(window, number, offset, patterns) {
                    table.insert(window, number, offset);
                }
            }
        }
        table
    }

    /// Not 0 where the window may be in the table, 0 where it is not.
    #[inline]
    pub(super) fn probe(&self, window: u64) -> u64 {
        let (word, bits) = self.bits(window);
        self.bitmap
            .get(word)
            .map_or(0, |word| u64::from(word & bits == bits))
    }

    /// The patterns that hold the window, and where in them it begins.
    pub(super) fn places<'t>(
        &'t self,
        window: u64,
        patterns: &'t [Pattern],
    ) -> impl Iterator<Item = (&'t Pattern, usize)> {
        let first = self.slot(window);
        let (before, after) = self.places.split_at_checked(first).unwrap_or_default();
        (after.iter().chain(before))
            .take_while(|place| **place != EMPTY)
            .filter_map(|place| {
                let pattern = usize::try_from(place >> OFFSET_BITS).ok()?;
                let offset = usize::try_from(place & ((1 << OFFSET_BITS) - 1)).ok()?;
                Some((patterns.get(pattern)?, offset))
            })
            .filter(move |(pattern, offset)| {
                pattern.written.text.get(*offset..offset + WINDOW) == Some(&window.to_le_bytes())
            })
    }

    /// How much memory the table takes, in bytes.
    pub(super) fn size(&self) -> usize {
        self.bitmap.len() * 8 + self.places.len() * 4
    }

    fn with_room_for(count: usize) -> Self {
        let slots = (count * 2).next_power_of_two().max(64);
        let bits = (count * BITS_PER_WINDOW)
            .next_power_of_two()
            .clamp(LEAST_BITS, MOST_BITS);
        Self {
            bitmap: Zeroizing::new(vec![0; bits / 64]),
            bitmap_shift: u64::BITS + 6 - bits.trailing_zeros(),
            places: Zeroizing::new(vec![EMPTY; slots]),
            slot_shift: u64::BITS - slots.trailing_zeros(),
        }
    }

    /// Whether the window is there already as the same part of the same piece, with the same text
    /// around it: an alphabet, or upper case, makes no difference to most.
    ///
    /// Text that goes on past that has another window of its own, since every eighth byte begins one;
    /// but not where a pattern has only some of its windows.
    fn stands_for(&self, window: u64, number: usize, at: usize, patterns: &[Pattern]) -> bool {
        let pattern = patterns.get(number);
        let Some(pattern) = pattern.filter(|pattern| pattern.step == DENSE) else {
            return false;
        };
        let part = pattern.written.part(&(at..at + WINDOW));
        self.places(window, patterns).any(|(other, offset)| {
            other.piece == pattern.piece
                && other.written.part(&(offset..offset + WINDOW)) == part
                && around(other, offset) == around(pattern, at)
        })
    }

    fn insert(&mut self, window: u64, pattern: usize, offset: usize) {
        let (Ok(pattern), Ok(offset)) = (u32::try_from(pattern), u32::try_from(offset)) else {
            return;
        };
        let first = self.slot(window);
        let free = (first..self.places.len())
            .chain(0..first)
            .find(|slot| self.places.get(*slot) == Some(&EMPTY));
        if let Some(place) = free.and_then(|slot| self.places.get_mut(slot)) {
            *place = (pattern << OFFSET_BITS) | offset;
        }
        let (word, bits) = self.bits(window);
        if let Some(word) = self.bitmap.get_mut(word) {
            *word |= bits;
        }
    }

    /// The word of the bitmap that a window belongs to, and its bits there.
    #[inline]
    fn bits(&self, window: u64) -> (usize, u64) {
        let hash = hash(window);
        let bits = (1 << ((hash >> 32) & 63)) | (1 << ((hash >> 26) & 63));
        (
            usize::try_from(hash >> self.bitmap_shift).unwrap_or(0),
            bits,
        )
    }

    fn slot(&self, window: u64) -> usize {
        usize::try_from(hash(window) >> self.slot_shift).unwrap_or(0)
    }
}

#[inline]
fn hash(window: u64) -> u64 {
    window.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// The text of a window, and what may stand beside it before the next one on either side is whole.
fn around(pattern: &Pattern, at: usize) -> (&[u8], &[u8]) {
    let (before, rest) = pattern
        .written
        .text
        .split_at_checked(at)
        .unwrap_or_default();
    let before = before.get(before.len().saturating_sub(WINDOW - 1)..);
    let rest = rest.get(..rest.len().min(2 * WINDOW - 1));
    (before.unwrap_or_default(), rest.unwrap_or_default())
}

/// Whether the window has at least three different bytes; others are met all over ordinary text.
fn is_distinctive(window: u64) -> bool {
    let mut bytes = window.to_le_bytes();
    bytes.sort_unstable();
    bytes.chunk_by(|a, b| a == b).count() >= 3
}

/// How many bytes are looked up at once.
pub(super) const WINDOW: usize = 8;
const EMPTY: u32 = u32::MAX;
const OFFSET_BITS: u32 = 8;
/// One window of text in 250 passes the bitmap by chance, a block of eight in 30.
const BITS_PER_WINDOW: usize = 32;
const LEAST_BITS: usize = 1 << 12;
/// 1 MiB: a bitmap that leaves the processor's second cache costs more than it saves.
const MOST_BITS: usize = 1 << 23;

#[cfg(test)]
mod tests {
    use super::*;

    fn core() -> Vec<u8> {
        (0..40_u8)
            .map(|n| n.wrapping_mul(73).wrapping_add(5))
            .collect()
    }

    #[test]
    fn every_window_of_every_pattern_is_found() {
        let patterns = Pattern::all(0, &core());
        let table = Table::of(&patterns);
        for pattern in &patterns {
            let windows = pattern.written.text.windows(WINDOW).enumerate();
            for (offset, window) in windows.step_by(pattern.step) {
                let window = u64::from_le_bytes(window.try_into().unwrap());
                if !is_distinctive(window) {
                    continue;
                }
                let part = pattern.written.part(&(offset..offset + WINDOW));
                assert_eq!(table.probe(window), 1);
                assert!(
                    table
                        .places(window, &patterns)
                        .any(|(other, at)| { other.written.part(&(at..at + WINDOW)) == part }),
                    "{:?} at {offset}",
                    pattern.encoding
                );
            }
        }
    }

    #[test]
    fn a_window_of_two_pieces_is_found_in_both() {
        let patterns: Vec<_> = (0..2).flat_map(|n| Pattern::all(n, &core())).collect();
        let table = Table::of(&patterns);
        let window = u64::from_le_bytes(core()[..8].try_into().unwrap());
        let pieces: Vec<_> = (table.places(window, &patterns))
            .map(|(pattern, _)| pattern.piece)
            .collect();
        assert_eq!(pieces, [0, 1]);
    }

    #[test]
    fn dull_windows_are_left_out() {
        assert!(!is_distinctive(u64::from_le_bytes(*b"AAAABBAA")));
        assert!(is_distinctive(u64::from_le_bytes(*b"AAAABBCC")));
    }

    #[test]
    fn an_empty_table_finds_nothing() {
        let table = Table::of(&[]);
        assert_eq!(table.probe(0), 0);
        assert_eq!(table.places(0, &[]).count(), 0);
    }
}
