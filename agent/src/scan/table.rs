//! Every 8-byte window of every pattern, to be looked up fast.

use zeroize::Zeroizing;

use super::pattern::Pattern;

/// A hash table from windows to places in patterns, behind a bitmap that turns nearly every
/// window of ordinary text away at the cost of one multiplication and one load.
///
/// It is the keys in another form, and is wiped when dropped.
pub(super) struct Table {
    bitmap: Zeroizing<Vec<u64>>,
    bitmap_shift: u32,
    windows: Zeroizing<Vec<u64>>,
    places: Zeroizing<Vec<u32>>,
    slot_shift: u32,
}

impl Table {
    /// The table of these patterns, each at most 255 bytes long.
    pub(super) fn of(patterns: &[Pattern]) -> Self {
        let count: usize = patterns.iter().map(|pattern| pattern.text.len()).sum();
        let mut table = Self::with_room_for(count);
        for (number, pattern) in patterns.iter().enumerate() {
            for (offset, window) in pattern.text.windows(WINDOW).enumerate() {
                if let Ok(window) = window.try_into()
                    && is_distinctive(window)
                {
                    table.insert(u64::from_le_bytes(window), number, offset);
                }
            }
        }
        table
    }

    /// 1 where the window may be in the table, 0 where it is not.
    #[inline]
    pub(super) fn probe(&self, window: u64) -> u64 {
        let bit = hash(window) >> self.bitmap_shift;
        usize::try_from(bit >> 6)
            .ok()
            .and_then(|word| self.bitmap.get(word))
            .map_or(0, |word| (word >> (bit & 63)) & 1)
    }

    /// The patterns that hold the window, and where in them it begins.
    pub(super) fn places(&self, window: u64) -> impl Iterator<Item = (usize, usize)> {
        let slots = self.windows.iter().zip(self.places.iter());
        let first = self.slot(window);
        slots
            .clone()
            .skip(first)
            .chain(slots.take(first))
            .take_while(|(_, place)| **place != EMPTY)
            .filter(move |(other, _)| **other == window)
            .filter_map(|(_, place)| {
                let pattern = usize::try_from(place >> OFFSET_BITS).ok()?;
                let offset = usize::try_from(place & ((1 << OFFSET_BITS) - 1)).ok()?;
                Some((pattern, offset))
            })
    }

    /// How much memory the table takes, in bytes.
    pub(super) fn size(&self) -> usize {
        self.bitmap.len() * 8 + self.windows.len() * 8 + self.places.len() * 4
    }

    fn with_room_for(count: usize) -> Self {
        let slots = (count * 2).next_power_of_two().max(64);
        let bits = (count * BITS_PER_WINDOW)
            .next_power_of_two()
            .clamp(LEAST_BITS, MOST_BITS);
        Self {
            bitmap: Zeroizing::new(vec![0; bits / 64]),
            bitmap_shift: u64::BITS - bits.trailing_zeros(),
            windows: Zeroizing::new(vec![0; slots]),
            places: Zeroizing::new(vec![EMPTY; slots]),
            slot_shift: u64::BITS - slots.trailing_zeros(),
        }
    }

    fn insert(&mut self, window: u64, pattern: usize, offset: usize) {
        let (Ok(pattern), Ok(offset)) = (u32::try_from(pattern), u32::try_from(offset)) else {
            return;
        };
        let count = self.places.len();
        let first = self.slot(window);
        let free = (first..count)
            .chain(0..first)
            .find(|slot| self.places.get(*slot).is_some_and(|place| *place == EMPTY));
        if let Some(slot) = free
            && let Some(place) = self.places.get_mut(slot)
            && let Some(other) = self.windows.get_mut(slot)
        {
            *place = (pattern << OFFSET_BITS) | offset;
            *other = window;
        }
        let bit = hash(window) >> self.bitmap_shift;
        if let Some(word) = usize::try_from(bit >> 6)
            .ok()
            .and_then(|n| self.bitmap.get_mut(n))
        {
            *word |= 1 << (bit & 63);
        }
    }

    fn slot(&self, window: u64) -> usize {
        usize::try_from(hash(window) >> self.slot_shift).unwrap_or(0)
    }
}

#[inline]
fn hash(window: u64) -> u64 {
    window.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Whether the window has at least four different bytes; others are met all over ordinary text.
fn is_distinctive(window: [u8; WINDOW]) -> bool {
    let mut bytes = window;
    bytes.sort_unstable();
    bytes.chunk_by(|a, b| a == b).count() >= 4
}

/// How many bytes are looked up at once.
pub(super) const WINDOW: usize = 8;
const EMPTY: u32 = u32::MAX;
const OFFSET_BITS: u32 = 8;
/// One window of text in 128 passes the bitmap by chance, a block of eight in 16.
const BITS_PER_WINDOW: usize = 128;
const LEAST_BITS: usize = 1 << 12;
/// 512 KiB: a bitmap that leaves the processor's second cache costs more than it saves.
const MOST_BITS: usize = 1 << 22;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_window_of_every_pattern_is_found() {
        let core: Vec<u8> = (0..40_u8)
            .map(|n| n.wrapping_mul(73).wrapping_add(5))
            .collect();
        let patterns = Pattern::all(0, &core);
        let table = Table::of(&patterns);
        for (number, pattern) in patterns.iter().enumerate() {
            for (offset, window) in pattern.text.windows(8).enumerate() {
                let window = u64::from_le_bytes(window.try_into().unwrap());
                assert_eq!(table.probe(window), 1);
                assert!(table.places(window).any(|place| place == (number, offset)));
            }
        }
    }

    #[test]
    fn dull_windows_are_left_out() {
        assert!(!is_distinctive(*b"AAAABBCC"));
        assert!(is_distinctive(*b"AAAABBCD"));
    }

    #[test]
    fn an_empty_table_finds_nothing() {
        let table = Table::of(&[]);
        assert_eq!(table.probe(0), 0);
        assert_eq!(table.places(0).count(), 0);
    }
}
