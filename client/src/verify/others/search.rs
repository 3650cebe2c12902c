//! The search for beginnings of keys and tokens in a stream.

use std::{fmt, ops::Range};

use memchr::memmem;

use super::{bare, encoded, openssh, pem, putty, url};
use crate::verify::seams::{Seams, Shown};

/// A secret in a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::verify) struct Other {
    /// Where it begins, in bytes.
    pub(in crate::verify) begin: u64,
    /// Where it ends.
    pub(in crate::verify) end: u64,
    /// What it is.
    pub(in crate::verify) kind: Kind,
}

/// What a secret is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A private key.
    Key {
        /// The form of its file.
        form: &'static str,
        /// Whether a passphrase locks it.
        is_locked: bool,
        /// Who publishes it, for a test key that everybody knows.
        published: Option<&'static str>,
    },
    /// A password or token in a URL.
    Token,
}

impl Kind {
    /// Whether it is a secret: everybody knows a published test key.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        !matches!(
            self,
            Self::Key {
                published: Some(_),
                ..
            }
        )
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self::Key {
            form,
            is_locked,
            published,
        } = self
        else {
            return f.write_str("token in a URL");
        };
        match published {
            Some(by) => write!(f, "published test key of {by} ({form}"),
            None => write!(f, "another private key ({form}"),
        }?;
        f.write_str(if *is_locked {
            ", locked by a passphrase)"
        } else {
            ")"
        })
    }
}

/// Looks for secrets in bytes that come in chunks of any size.
#[derive(Debug)]
pub(in crate::verify) struct Search {
    seams: Seams,
    found: Found,
}

/// What was found so far.
#[derive(Debug, Default)]
struct Found {
    others: Vec<Other>,
    tokens: usize,
    /// To where was read what the last mark of each of [`FORMS`] and [`BARE`] belongs to: it may hold others, and is
    /// read once.
    ends: [u64; FORMS.len() + BARE.len()],
}

impl Search {
    /// A search that has seen nothing.
    pub(in crate::verify) fn new() -> Self {
        Self {
            seams: Seams::new(bare::MOST_BEFORE, REACH),
            found: Found::default(),
        }
    }

    /// Looks at the next bytes of the stream.
    pub(in crate::verify) fn push(&mut self, bytes: &[u8]) {
        let found = &mut self.found;
        self.seams.push(bytes, |shown| found.look(shown));
    }

    /// Looks at what is left and says what was found.
    pub(in crate::verify) fn finish(mut self) -> Vec<Other> {
        self.seams.finish(|shown| self.found.look(shown));
        self.found.others.sort_by_key(|other| other.begin);
        self.found.others
    }
}

impl Found {
    /// Looks for what has its mark at these places.
    fn look(&mut self, shown: &Shown<'_>) {
        for (number, (mark, read)) in FORMS.into_iter().enumerate() {
            self.look_for(shown, number, mark, |bytes, at| {
                let (length, kind) = read(bytes.get(at..).unwrap_or_default());
                Some((at..at + length, kind))
            });
        }
        for (number, (mark, read)) in BARE.into_iter().enumerate() {
            self.look_for(shown, FORMS.len() + number, mark, |bytes, at| {
                read(bytes, at).map(|(place, kind)| (place, Some(kind)))
            });
        }
    }

    fn look_for(
        &mut self,
        shown: &Shown<'_>,
        number: usize,
        mark: &[u8],
        read: impl Fn(&[u8], usize) -> Option<(Range<usize>, Option<Kind>)>,
    ) {
        let mut read_to = self.ends.get(number).copied().unwrap_or(0);
        for at in marks(shown, mark) {
            if shown.base + length(at) < read_to {
                continue;
            }
            let Some((place, kind)) = read(within_reach(shown.bytes, at), at) else {
                continue;
            };
            read_to = shown.base + length(place.end);
            if let Some(kind) = kind {
                self.add(shown.base, place, kind);
            }
        }
        if let Some(end) = self.ends.get_mut(number) {
            *end = read_to;
        }
    }

    fn add(&mut self, base: u64, place: Range<usize>, kind: Kind) {
        let [begin, end] = [place.start, place.end].map(|at| base + length(at));
        let is_token = kind == Kind::Token;
        let keys = self.others.len() - self.tokens;
        let has_room = if is_token {
            self.tokens < MOST_TOKENS
        } else {
            keys < MOST_KEYS
        };
        if has_room {
            self.tokens += usize::from(is_token);
            self.others.push(Other { begin, end, kind });
        }
    }
}

/// Where marks begin. A pass for each is faster than one for all.
fn marks<'b>(shown: &Shown<'b>, mark: &'b [u8]) -> impl Iterator<Item = usize> + use<'b> {
    let Range { start, end } = shown.places;
    let end = shown.bytes.len().min(end + mark.len() - 1);
    let found = memmem::find_iter(shown.bytes.get(start..end).unwrap_or_default(), mark);
    found.map(move |at| start + at)
}

/// The bytes without those that lie too far behind a place.
fn within_reach(bytes: &[u8], at: usize) -> &[u8] {
    bytes.get(..at + REACH).unwrap_or(bytes)
}

/// How many bytes a form takes up, whether they are a secret or not, and what they are.
type Read = fn(&[u8]) -> (usize, Option<Kind>);

/// What begins with a mark, and how it is read.
const FORMS: [(&[u8], Read); 5] = [
    (url::BEGIN, |text| {
        some_or_none(url::token(text).map(|length| (length, Kind::Token)))
    }),
    (pem::BEGIN, |text| some_or_none(pem::key(text))),
    (encoded::BEGIN, encoded::key),
    (putty::BEGIN, putty::key),
    (openssh::MAGIC, |text| some_or_none(openssh::key(text))),
];

/// Where the key stands whose mark is at a place of bytes, and what it is.
type ReadBare = fn(&[u8], usize) -> Option<(Range<usize>, Kind)>;

/// The marks of keys without armour, which stand behind their beginnings, and how these are read.
const BARE: [(&[u8], ReadBare); 3] = [
    (bare::MARK, bare::key),
    (bare::NAME, bare::locked),
    (bare::JAVA, bare::stored),
];

fn some_or_none(found: Option<(usize, Kind)>) -> (usize, Option<Kind>) {
    found.map_or((0, None), |(length, kind)| (length, Some(kind)))
}

fn length(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// More than a key of 16,384 bits as PEM.
pub(super) const REACH: usize = 16 << 10;
/// Of one stream. Tokens are many, since it is not known here which file they are in.
pub(super) const MOST_KEYS: usize = 1_000;
const MOST_TOKENS: usize = 10_000;
