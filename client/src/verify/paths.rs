//! Which file of a layer an offset belongs to.

use super::tape::{Entry, Sink};

/// The entry that covers an offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Covering {
    pub(super) name: Vec<u8>,
    /// How far the offset is into its content; nothing where it is before that.
    pub(super) inner: Option<u64>,
}

/// The paths of an archive by the offset of their entries, each written as its difference from the
/// one before: about 26 bytes for a file of an ordinary system.
///
/// When the room is used up, later entries have no path; what they hold is scanned all the same.
#[derive(Debug)]
pub(super) struct Paths {
    records: Vec<u8>,
    room: usize,
    last_name: Vec<u8>,
    last_begin: u64,
    known_until: u64,
}

impl Paths {
    /// An empty list that may take this many bytes.
    pub(super) fn with_room(room: usize) -> Self {
        Self {
            records: Vec::new(),
            room,
            last_name: Vec::new(),
            last_begin: 0,
            known_until: u64::MAX,
        }
    }

    /// How many bytes it takes.
    pub(super) fn size(&self) -> usize {
        self.records.len()
    }

    /// The entry that covers this offset of the archive.
    pub(super) fn at(&self, offset: u64) -> Option<Covering> {
        if offset >= self.known_until {
            return None;
        }
        let mut rest = self.records.as_slice();
        let (mut begin, mut name) = (0_u64, Vec::new());
        let mut data = None;
        while !rest.is_empty() {
            begin += number(&mut rest)?;
            if begin > offset {
                break;
            }
            data = Some(begin.saturating_add(number(&mut rest)?));
            name.truncate(usize::try_from(number(&mut rest)?).ok()?);
            let added = usize::try_from(number(&mut rest)?).ok()?;
            let (suffix, later) = rest.split_at_checked(added)?;
            name.extend_from_slice(suffix);
            rest = later;
        }
        data.map(|data| Covering {
            name,
            inner: offset.checked_sub(data),
        })
    }

    /// Adds the entry that begins at this offset, and its content at `data`, if there is room.
    pub(super) fn add(&mut self, begin: u64, data: u64, name: Vec<u8>) {
        let shared = name
            .iter()
            .zip(&self.last_name)
            .take_while(|(a, b)| a == b)
            .count();
        let suffix = name.get(shared..).unwrap_or_default();
        if self.records.len() + suffix.len() + LONGEST_NUMBERS > self.room {
            self.known_until = self.known_until.min(begin);
        }
        if self.known_until != u64::MAX {
            return;
        }
        write(&mut self.records, begin.saturating_sub(self.last_begin));
        write(&mut self.records, data.saturating_sub(begin));
        write(&mut self.records, u64::try_from(shared).unwrap_or(0));
        write(&mut self.records, u64::try_from(suffix.len()).unwrap_or(0));
        self.records.extend_from_slice(suffix);
        self.last_begin = begin;
        self.last_name = name;
    }
}

impl Sink for Paths {
    fn entry(&mut self, entry: Entry) {
        self.add(entry.begin, entry.data, entry.name);
    }

    fn data(&mut self, _: &[u8]) {}

    fn end(&mut self) {}
}

/// Appends a number, seven bits a byte, the lowest first.
fn write(to: &mut Vec<u8>, mut number: u64) {
    loop {
        let low = number.to_le_bytes()[0] & 0x7f;
        number >>= 7;
        if number == 0 {
            return to.push(low);
        }
        to.push(low | 0x80);
    }
}

fn number(from: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

const LONGEST_NUMBERS: usize = 40;

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn an_offset_belongs_to_the_last_entry_that_begins_before_it(
            entries in vec((1..1_000_000_000_u64, "[ab/]{0,12}"), 1..40),
            pick in any::<prop::sample::Index>(),
        ) {
            let mut paths = Paths::with_room(1 << 20);
            let mut begin = 0;
            let entries: Vec<_> = entries
                .into_iter()
                .map(|(step, name)| {
                    begin += step;
                    paths.add(begin, begin + 512, name.clone().into_bytes());
                    (begin, name)
                })
                .collect();
            let (begin, name) = pick.get(&entries);
            let covering = |inner| {
                let name = name.clone().into_bytes();
                Some(Covering { name, inner })
            };
            prop_assert_eq!(paths.at(*begin), covering(None));
            let is_last = Some(begin) == entries.last().map(|(begin, _)| begin);
            if is_last {
                prop_assert_eq!(paths.at(begin + 511), covering(None));
                prop_assert_eq!(paths.at(begin + 512), covering(Some(0)));
                prop_assert_eq!(paths.at(begin + 9_512), covering(Some(9_000)));
            }
            prop_assert_eq!(paths.at(entries[0].0 - 1), None);
        }
    }

    #[test]
    fn without_room_later_entries_have_no_path() {
        let mut paths = Paths::with_room(100);
        for n in 0..100 {
            paths.add(n * 512, n * 512 + 512, format!("{n:04}").into_bytes());
        }
        assert!(paths.size() <= 100);
        assert_eq!(paths.at(700).unwrap().name, b"0001");
        assert_eq!(paths.at(99 * 512), None);
    }
}
