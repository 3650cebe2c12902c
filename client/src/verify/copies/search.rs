//! The search for beginnings of key files in a stream.

use std::sync::LazyLock;

use aho_corasick::AhoCorasick;
use keystay_proto::{
    Fingerprint,
    control::{Encoding, Hit},
};

use super::{
    armor::{decoded, determined},
    locked::{OPENSSH, PUTTY, openssh, putty},
};

/// Looks for locked copies of some keys in bytes that come in chunks of any size. It keeps 128 KiB
/// of them.
pub(super) struct Search<'k> {
    keys: &'k [Fingerprint],
    buffer: Vec<u8>,
    /// Where in the stream the buffer begins.
    base: u64,
    hits: Vec<Hit>,
}

impl<'k> Search<'k> {
    /// A search that has seen nothing.
    pub(super) fn new(keys: &'k [Fingerprint]) -> Self {
        Self {
            keys,
            buffer: Vec::new(),
            base: 0,
            hits: Vec::new(),
        }
    }

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
    pub(super) fn finish(mut self) -> Vec<Hit> {
        self.look(self.buffer.len());
        self.hits
    }

    /// Looks for files that begin before a place of the buffer.
    fn look(&mut self, end: usize) {
        for found in BEGINNINGS.automaton.find_overlapping_iter(&self.buffer) {
            if found.start() >= end || self.hits.len() >= MOST {
                break;
            }
            let form = BEGINNINGS.forms.get(found.pattern().as_usize());
            let text = self.buffer.get(found.start()..).unwrap_or_default();
            let text = text.get(..REACH).unwrap_or(text);
            let key = form.and_then(|form| form.key(text));
            if let Some(key) = key.filter(|key| self.keys.contains(key)) {
                self.hits.push(Hit {
                    offset: self.base + length(found.start()),
                    key,
                    encoding: Encoding::Locked,
                });
            }
        }
    }
}

/// How the beginning of a key file is written.
enum Form {
    Putty,
    OpenSsh,
    /// In base64, behind so many bytes more than a multiple of three.
    Base64(usize),
    /// In base64 of base64; the inner first.
    Twice(usize, usize),
}

impl Form {
    /// The key that a file beginning here names.
    fn key(&self, text: &[u8]) -> Option<Fingerprint> {
        match self {
            Self::Putty => putty(text.get(PUTTY.len()..)?),
            Self::OpenSsh => openssh(text.get(OPENSSH.len()..)?),
            Self::Base64(lead) => Self::OpenSsh.key(&decoded(text, *lead)),
            Self::Twice(inner, outer) => {
                let mut once = decoded(text, *outer);
                // The first character shares one of the outer text's with what is before it.
                *once.first_mut()? = *determined(OPENSSH, *inner).first()?;
                Self::Base64(*inner).key(&once)
            }
        }
    }
}

struct Beginnings {
    automaton: AhoCorasick,
    forms: Vec<Form>,
}

static BEGINNINGS: LazyLock<Beginnings> = LazyLock::new(|| {
    let mut patterns = vec![PUTTY.to_vec(), OPENSSH.to_vec()];
    let mut forms = vec![Form::Putty, Form::OpenSsh];
    for inner in 0..3 {
        let once = determined(OPENSSH, inner);
        for outer in 0..3 {
            patterns.push(determined(&once, outer));
            forms.push(Form::Twice(inner, outer));
        }
        patterns.push(once);
        forms.push(Form::Base64(inner));
    }
    let automaton = AhoCorasick::new(patterns);
    Beginnings {
        #[expect(clippy::expect_used, reason = "the patterns are constants, and few")]
        automaton: automaton.expect("an automaton of fourteen short patterns"),
        forms,
    }
});

fn length(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

const BUFFER: usize = 128 << 10;
/// More than what is in clear of a key file: 4 KiB of public key in base64 of base64, in rows.
const REACH: usize = 16 << 10;
/// As many as the exact search tells.
const MOST: usize = 1_000;
