//! Long names and sizes, which tar writes into entries of their own.

use std::mem;

use tar::EntryType;

use super::{first, length, pax::Records};

/// What precedes an entry and belongs to it.
#[derive(Default)]
pub(super) struct Extra {
    /// The kinds of the entries that it is from.
    kinds: Vec<EntryType>,
    text: Vec<u8>,
    records: Records,
    name: Told,
    target: Told,
    pub(super) size: Size,
    /// Whether holes of the content are left out.
    pub(super) has_holes: bool,
}

/// A name that is told in several ways, of which readers take the first that is there and not empty.
#[derive(Default)]
struct Told {
    gnu: Option<Vec<u8>>,
    /// Of a file with holes.
    map: Option<Vec<u8>>,
    pax: Option<Vec<u8>>,
}

impl Told {
    fn first(self) -> Option<Vec<u8>> {
        self.gnu.or(self.map).or(self.pax)
    }
}

/// What is said of an entry's size, but in its header.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Size {
    #[default]
    Untold,
    Told(u64),
    /// It is none.
    Wrong,
}

impl Extra {
    /// Begins an entry that describes the next one; says whether there was none of its kind. Of two,
    /// readers take the last, or of each what the other does not have; and some forget them for one that
    /// describes all, which is not read.
    pub(super) fn begin(&mut self, kind: EntryType) -> bool {
        if kind.is_pax_global_extensions() {
            return self.kinds.is_empty();
        }
        let is_first = !self.kinds.contains(&kind);
        self.kinds.push(kind);
        is_first
    }

    /// Takes the next bytes of an entry that describes the next one; no more than are kept.
    pub(super) fn push(&mut self, kind: EntryType, bytes: &[u8]) {
        if kind.is_pax_local_extensions() {
            let Self {
                records,
                name,
                target,
                size,
                has_holes,
                ..
            } = self;
            records.push(bytes, |key, value| {
                *has_holes |= key.starts_with(b"GNU.sparse.");
                match key {
                    b"path" => name.pax = told(value),
                    b"GNU.sparse.name" => name.map = told(value),
                    b"linkpath" => target.pax = told(value),
                    b"size" => *size = Size::of(value),
                    _ => {}
                }
            });
        } else {
            let room = LONGEST_NAME.saturating_sub(length(&self.text));
            self.text.extend_from_slice(first(bytes, room));
        }
    }

    /// Understands the content of an entry that describes the next one; says whether that makes sense.
    pub(super) fn end(&mut self, kind: EntryType) -> bool {
        let text = mem::take(&mut self.text);
        if kind.is_gnu_longname() {
            self.name.gnu = told(c_string(&text));
        } else if kind.is_gnu_longlink() {
            self.target.gnu = told(c_string(&text));
        }
        self.records.are_whole() && self.size != Size::Wrong
    }

    /// The name of the entry and what it points to, where they are not in its header.
    pub(super) fn names(&mut self) -> (Option<Vec<u8>>, Option<Vec<u8>>) {
        let (name, target) = (mem::take(&mut self.name), mem::take(&mut self.target));
        (name.first(), target.first())
    }
}

impl Size {
    /// A size in decimal digits; an empty one is that of the header. A long one may not be here whole.
    fn of(value: &[u8]) -> Self {
        let digits = Some(value).filter(|value| value.len() <= MOST_DIGITS);
        let size = digits.and_then(|digits| str::from_utf8(digits).ok());
        let size = size.and_then(|size| size.parse().ok());
        match size {
            _ if value.is_empty() => Self::Untold,
            Some(size) if size < LONGEST_CONTENT => Self::Told(size),
            _ => Self::Wrong,
        }
    }
}

/// Whether an entry of this name may be a folder to a reader that knows no other sign of one.
pub(super) fn may_be_folder(name: &[u8]) -> bool {
    name.is_empty() || name.ends_with(b"/") || length(name) >= LONGEST_NAME
}

fn told(name: &[u8]) -> Option<Vec<u8>> {
    (!name.is_empty()).then(|| short(name))
}

fn c_string(text: &[u8]) -> &[u8] {
    text.split(|byte| *byte == 0).next().unwrap_or_default()
}

/// The name, cut to what is kept.
pub(super) fn short(name: &[u8]) -> Vec<u8> {
    first(name, LONGEST_NAME).to_vec()
}

/// More than any size has.
const MOST_DIGITS: usize = 32;
/// As long as Linux takes a path.
const LONGEST_NAME: u64 = 4096;
/// No file is longer (2^60 bytes).
pub(super) const LONGEST_CONTENT: u64 = 1 << 60;
