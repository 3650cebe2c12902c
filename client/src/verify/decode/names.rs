//! The names of what stands in an archive that passes.

use std::collections::VecDeque;

use crate::verify::tape::{Entry, Sink, Tape, is_header};

/// What is known of a stream's own parts: the entries of a tar or ar archive.
pub(in crate::verify) struct Names {
    form: Form,
    known: Known,
}

enum Form {
    /// Nothing was seen yet.
    Unknown,
    Tar(Box<Tape>),
    Ar(Ar),
    Other,
}

/// An entry of a tar or ar archive.
pub(in crate::verify) struct Part {
    /// Where its header begins.
    pub(in crate::verify) begin: u64,
    /// Where its content begins.
    pub(in crate::verify) data: u64,
    pub(in crate::verify) name: Vec<u8>,
}

/// The latest entries.
#[derive(Default)]
struct Known {
    entries: VecDeque<Part>,
    /// How many of them were not asked for yet.
    fresh: usize,
}

/// A reader of an ar archive, as of Debian packages and static libraries.
struct Ar {
    /// What of the next header was seen.
    header: Vec<u8>,
    /// How many bytes there are before the next header.
    left: u64,
    offset: u64,
}

impl Names {
    pub(in crate::verify) fn new() -> Self {
        Self {
            form: Form::Unknown,
            known: Known::default(),
        }
    }

    /// Reads the next bytes. The first must be 512 where there are as many.
    pub(in crate::verify) fn push(&mut self, bytes: &[u8]) {
        if matches!(self.form, Form::Unknown) {
            self.form = match bytes {
                _ if bytes.get(..512).is_some_and(is_header) => Form::Tar(Box::new(Tape::new())),
                [b'!', b'<', b'a', b'r', b'c', b'h', b'>', b'\n', ..] => Form::Ar(Ar::new()),
                _ => Form::Other,
            };
        }
        match &mut self.form {
            Form::Tar(tape) => tape.push(bytes, &mut self.known),
            Form::Ar(ar) => ar.push(bytes, &mut self.known),
            Form::Unknown | Form::Other => {}
        }
    }

    /// The entry that covers this offset.
    pub(super) fn at(&self, offset: u64) -> Option<&[u8]> {
        let entries = &self.known.entries;
        let number = entries.partition_point(|part| part.begin <= offset);
        entries
            .get(number.checked_sub(1)?)
            .map(|part| part.name.as_slice())
    }

    /// The entries that were not told yet.
    pub(in crate::verify) fn fresh(&mut self) -> impl Iterator<Item = &Part> {
        let fresh = std::mem::take(&mut self.known.fresh);
        let told = self.known.entries.len().saturating_sub(fresh);
        self.known.entries.iter().skip(told)
    }

    /// Forgets entries that end before this offset.
    pub(in crate::verify) fn forget(&mut self, before: u64) {
        let entries = &mut self.known.entries;
        while entries.get(1).is_some_and(|part| part.begin <= before) {
            entries.pop_front();
        }
    }
}

impl Sink for Known {
    fn entry(&mut self, entry: Entry) {
        self.entries.push_back(Part {
            begin: entry.begin,
            data: entry.data,
            name: entry.name,
        });
        self.fresh += 1;
    }

    fn data(&mut self, _: &[u8]) {}

    fn end(&mut self) {}
}

impl Ar {
    fn new() -> Self {
        Self {
            header: Vec::new(),
            left: 8,
            offset: 0,
        }
    }

    fn push(&mut self, bytes: &[u8], known: &mut Known) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let wanted = match usize::try_from(self.left).unwrap_or(usize::MAX) {
                0 => HEADER.saturating_sub(self.header.len()),
                left => left,
            };
            let (now, later) = rest.split_at(wanted.min(rest.len()));
            rest = later;
            let count = u64::try_from(now.len()).unwrap_or(0);
            self.offset += count;
            if self.left > 0 {
                self.left -= count;
                continue;
            }
            self.header.extend_from_slice(now);
            if self.header.len() == HEADER {
                self.left = self.entry(known).unwrap_or(u64::MAX);
                self.header.clear();
            }
        }
    }

    /// Tells the entry of a whole header; how long its content is, with what makes it even.
    fn entry(&self, known: &mut Known) -> Option<u64> {
        let name = self.header.get(..16)?.trim_ascii_end();
        let name = name.strip_suffix(b"/").unwrap_or(name);
        let size = str::from_utf8(self.header.get(48..58)?).ok()?;
        let size: u64 = size.trim_end().parse().ok()?;
        known.entries.push_back(Part {
            begin: self.offset.saturating_sub(60),
            data: self.offset,
            name: name.to_vec(),
        });
        known.fresh += 1;
        Some(size.next_multiple_of(2))
    }
}

const HEADER: usize = 60;
