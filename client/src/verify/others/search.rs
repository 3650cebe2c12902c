//! The search for beginnings of keys and tokens in a stream.

use std::{fmt, sync::LazyLock};

use aho_corasick::AhoCorasick;

use super::{pem, url};

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
    others: Vec<Other>,
    tokens: usize,
}

impl Search {
    /// Looks at the next bytes of the stream.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        for part in bytes.chunks(BUFFER) {
            self.buffer.extend_from_slice(part);
            if self.buffer.len() >= BUFFER {
                let whole = self.buffer.len() - REACH;
                self.look(whole);
                self.buffer.drain(..whole);
                self.base += length(whole);
            }
        }
    }

    /// Looks at what is left and says what was found.
    pub(super) fn finish(mut self) -> Vec<Other> {
        self.look(self.buffer.len());
        self.others
    }

    /// Looks for what begins before a place of the buffer.
    fn look(&mut self, end: usize) {
        for found in BEGINNINGS.find_iter(&self.buffer) {
            let at = found.start();
            if at >= end {
                break;
            }
            let text = self.buffer.get(at..).unwrap_or_default();
            let text = text.get(..REACH).unwrap_or(text);
            let is_key = found.pattern().as_usize() == 0;
            let found = if is_key {
                pem::key(text)
            } else {
                url::token(text).map(|end| (end, Kind::Token))
            };
            let Some((end, kind)) = found else { continue };
            let room = if is_key { MOST_KEYS } else { MOST_TOKENS };
            let count = if is_key {
                self.others.len() - self.tokens
            } else {
                self.tokens
            };
            if count >= room {
                continue;
            }
            self.tokens += usize::from(!is_key);
            let begin = self.base + length(at);
            self.others.push(Other {
                begin,
                end: begin + length(end),
                kind,
            });
        }
    }
}

static BEGINNINGS: LazyLock<AhoCorasick> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "the patterns are constants, and two")]
    AhoCorasick::new([pem::BEGIN, url::BEGIN]).expect("an automaton of two short patterns")
});

fn length(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

const BUFFER: usize = 128 << 10;
/// More than a key of 16,384 bits as PEM.
pub(super) const REACH: usize = 16 << 10;
/// Of one stream. Tokens are many, since it is not known here which file they are in.
pub(super) const MOST_KEYS: usize = 1_000;
const MOST_TOKENS: usize = 10_000;
