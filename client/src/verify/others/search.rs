//! The search for beginnings of keys and tokens in a stream.

use std::{fmt, mem, ops::Range};

use memchr::memmem;

use super::{bare, encoded, openssh, pem, putty, url};

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

/// Looks for secrets in bytes that come in chunks of any size. It keeps 128 KiB of them.
#[derive(Debug, Default)]
pub(super) struct Search {
    buffer: Vec<u8>,
    /// Where in the stream the buffer begins.
    base: u64,
    /// How many bytes of the buffer were looked at already.
    seen: usize,
    others: Vec<Other>,
    tokens: usize,
    /// Where the last key without armour ends: one form of a key may hold another.
    end_of_bare: u64,
}

impl Search {
    /// Looks at the next bytes of the stream.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(BUFFER) {
            self.buffer.extend_from_slice(part);
            if self.buffer.len() >= BUFFER {
                let end = self.buffer.len() - REACH;
                self.look(end);
                let whole = end - bare::LONGEST_HEADER;
                self.buffer.drain(..whole);
                self.base += length(whole);
                self.seen = bare::LONGEST_HEADER;
            }
        }
    }

    /// Looks at what is left and says what was found.
    pub(super) fn finish(mut self) -> Vec<Other> {
        self.look(self.buffer.len());
        self.others.sort_by_key(|other| other.begin);
        self.others
    }

    /// Looks for what has its mark before a place of the buffer.
    fn look(&mut self, end: usize) {
        let buffer = mem::take(&mut self.buffer);
        for (mark, read) in FORMS {
            let mut read_to = self.seen;
            for at in marks(&buffer, self.seen..end, mark) {
                // A text of nothing but marks is read once.
                if at < read_to {
                    continue;
                }
                let text = within_reach(&buffer, at).get(at..).unwrap_or_default();
                let (length, kind) = read(text);
                read_to = at + length;
                if let Some(kind) = kind {
                    self.add(at..read_to, kind);
                }
            }
        }
        self.look_for_bare(&buffer, end);
        self.buffer = buffer;
    }

    fn look_for_bare(&mut self, buffer: &[u8], end: usize) {
        for at in marks(buffer, self.seen..end, bare::MARK) {
            if self.base + length(at) < self.end_of_bare {
                continue;
            }
            if let Some((place, kind)) = bare::key(within_reach(buffer, at), at) {
                self.end_of_bare = self.base + length(place.end);
                self.add(place, kind);
            }
        }
    }

    fn add(&mut self, place: Range<usize>, kind: Kind) {
        let [begin, end] = [place.start, place.end].map(|at| self.base + length(at));
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

/// Where marks begin within a range of bytes. A pass for each is faster than one for all.
fn marks<'b>(
    bytes: &'b [u8],
    of: Range<usize>,
    mark: &'b [u8],
) -> impl Iterator<Item = usize> + 'b {
    let end = bytes.len().min(of.end + mark.len() - 1);
    let found = memmem::find_iter(bytes.get(of.start..end).unwrap_or_default(), mark);
    found.map(move |at| of.start + at)
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

fn some_or_none(found: Option<(usize, Kind)>) -> (usize, Option<Kind>) {
    found.map_or((0, None), |(length, kind)| (length, Some(kind)))
}

fn length(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

const BUFFER: usize = 128 << 10;
/// More than a key of 16,384 bits as PEM.
pub(super) const REACH: usize = 16 << 10;
/// Of one stream. Tokens are many, since it is not known here which file they are in.
pub(super) const MOST_KEYS: usize = 1_000;
const MOST_TOKENS: usize = 10_000;
