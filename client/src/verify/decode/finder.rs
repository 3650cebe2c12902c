//! Where in a run of bytes something may begin that is worth a closer look.

use aho_corasick::packed;

/// Looks for the first bytes of streams and archives.
pub(super) struct Finder {
    long: Search,
    zlib: Search,
}

enum Search {
    Vector(packed::Searcher),
    /// Where the processor has no such instructions.
    Plain(&'static [&'static [u8]]),
}

impl Finder {
    /// A finder of everything there is.
    pub(super) fn new() -> Self {
        Self {
            long: Search::new(BEGINNINGS),
            zlib: Search::new(ZLIB),
        }
    }

    /// A place in a run of bytes from which to look on.
    pub(super) fn at(&self) -> Places<'_> {
        Places {
            finder: self,
            long: Next::Unknown,
            zlib: Next::Unknown,
        }
    }
}

impl Search {
    fn new(patterns: &'static [&'static [u8]]) -> Self {
        packed::Searcher::new(patterns).map_or(Self::Plain(patterns), Self::Vector)
    }

    fn find(&self, bytes: &[u8]) -> Option<usize> {
        let at = match self {
            Self::Vector(searcher) => searcher.find(bytes)?.start(),
            Self::Plain(patterns) => (0..bytes.len()).find(|at| {
                let rest = bytes.get(*at..).unwrap_or_default();
                patterns.iter().any(|pattern| rest.starts_with(pattern))
            })?,
        };
        // The length of a chunk stands before its name.
        let is_chunk = bytes
            .get(at..)
            .is_some_and(|rest| rest.starts_with(PNG_DATA));
        Some(at.checked_sub(4).filter(|_| is_chunk).unwrap_or(at))
    }
}

/// The candidates of one stream, told in order while its bytes come.
pub(super) struct Places<'f> {
    finder: &'f Finder,
    long: Next,
    zlib: Next,
}

/// Where the next candidate of one kind is, counted from the beginning of the stream.
#[derive(Clone, Copy)]
enum Next {
    Unknown,
    At(u64),
    /// There is none before this offset.
    NotBefore(u64),
}

impl Places<'_> {
    /// The first candidate at or after the beginning of `bytes`, which stand at `offset` of the
    /// stream; counted from the beginning of `bytes`.
    pub(super) fn next(&mut self, offset: u64, bytes: &[u8]) -> Option<usize> {
        let long = advance(&mut self.long, &self.finder.long, offset, bytes);
        let zlib = advance(&mut self.zlib, &self.finder.zlib, offset, bytes);
        match (long, zlib) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (one, other) => one.or(other),
        }
    }
}

fn advance(next: &mut Next, search: &Search, offset: u64, bytes: &[u8]) -> Option<usize> {
    let end = offset + u64::try_from(bytes.len()).unwrap_or(0);
    let from = match *next {
        Next::At(at) if at >= offset && at < end => return usize::try_from(at - offset).ok(),
        Next::NotBefore(at) => at.max(offset),
        Next::At(_) | Next::Unknown => offset,
    };
    let skipped = usize::try_from(from - offset).unwrap_or(usize::MAX);
    let found = search.find(bytes.get(skipped..).unwrap_or_default());
    let found = found.map(|found| skipped + found);
    *next = match found {
        Some(found) => Next::At(offset + u64::try_from(found).unwrap_or(0)),
        None => Next::NotBefore(from.max(end.saturating_sub(OVERLAP))),
    };
    found
}

/// One less than the longest pattern.
pub(super) const OVERLAP: u64 = 7;

/// The chunks of a PNG image that its one zlib stream is cut into.
pub(super) const PNG_DATA: &[u8] = b"IDAT";

const ZLIB: &[&[u8]] = &[b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"];

/// Compressed streams and archives, and the same as base64.
const BEGINNINGS: &[&[u8]] = &[
    b"\x1f\x8b\x08",
    b"\x28\xb5\x2f\xfd",
    b"\xfd7zXZ\x00",
    b"BZh",
    b"PK\x03\x04",
    b"7z\xbc\xaf\x27\x1c",
    b"Rar!\x1a\x07",
    b"\x04\x22\x4d\x18",
    b"hsqs",
    PNG_DATA,
    b"H4sI",
    b"KLUv",
    b"/Td6",
    b"UEsD",
    b"QlpoO",
    b"SDRzSU",
];
