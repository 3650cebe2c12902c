//! The search for beginnings of key files in a stream.

use std::{ops::Range, sync::LazyLock};

use aho_corasick::{AhoCorasick, Input, MatchKind};
use keystay_proto::{
    Fingerprint,
    control::{Encoding, Hit},
};

use super::locked::{OPENSSH, PUTTY, may_be_openssh, openssh, putty};
use crate::verify::{
    armor::{decoded, determined},
    seams::{Seams, Shown},
};

/// Looks for locked copies of some keys in bytes that come in chunks of any size.
pub(super) struct Search<'k> {
    keys: &'k [Fingerprint],
    seams: Seams,
    hits: Vec<Hit>,
}

impl<'k> Search<'k> {
    /// A search that has seen nothing.
    pub(super) fn new(keys: &'k [Fingerprint]) -> Self {
        Self {
            keys,
            seams: Seams::new(0, REACH),
            hits: Vec::new(),
        }
    }

    /// Looks at the next bytes of the stream.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let (keys, hits) = (self.keys, &mut self.hits);
        self.seams.push(bytes, |shown| look(keys, hits, shown));
    }

    /// Looks at what is left and says what was found.
    pub(super) fn finish(mut self) -> Vec<Hit> {
        self.seams
            .finish(|shown| look(self.keys, &mut self.hits, shown));
        self.hits
    }
}

/// Looks for files that begin at these places.
fn look(keys: &[Fingerprint], hits: &mut Vec<Hit>, shown: &Shown<'_>) {
    let (bytes, base) = (shown.bytes, shown.base);
    let Range { mut start, end } = shown.places;
    while start < end && hits.len() < MOST {
        let rest = Input::new(bytes).range(start..);
        let Some(found) = BEGINNINGS.automaton.find(rest) else {
            break;
        };
        if found.start() >= end {
            break;
        }
        // Another may begin within this one.
        start = found.start() + 1;
        let form = BEGINNINGS.forms.get(found.pattern().as_usize());
        let text = bytes.get(found.start()..).unwrap_or_default();
        let text = text.get(..REACH).unwrap_or(text);
        let key = form.and_then(|form| form.key(text));
        if let Some(key) = key.filter(|key| keys.contains(key)) {
            hits.push(Hit {
                offset: base + length(found.start()),
                key,
                encoding: Encoding::Locked,
            });
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
    /// The key that a file beginning here names. Few bytes tell most texts that only begin so: one of
    /// nothing but beginnings is not decoded whole from each.
    fn key(&self, text: &[u8]) -> Option<Fingerprint> {
        self.may_be(text).then(|| self.read(text))?
    }

    fn may_be(&self, text: &[u8]) -> bool {
        let head = text.get(..HEAD).unwrap_or(text);
        match (self, self.once(head)) {
            (_, Some((plain, inner))) => inner.may_be(&plain),
            (Self::OpenSsh, None) => head.get(OPENSSH.len()..).is_none_or(may_be_openssh),
            (_, None) => true,
        }
    }

    fn read(&self, text: &[u8]) -> Option<Fingerprint> {
        match (self, self.once(text)) {
            (_, Some((plain, inner))) => inner.key(&plain),
            (Self::Putty, None) => putty(text.get(PUTTY.len()..)?),
            (_, None) => openssh(text.get(OPENSSH.len()..)?),
        }
    }

    /// A text of base64 decoded once, and what form that is.
    fn once(&self, text: &[u8]) -> Option<(Vec<u8>, Self)> {
        match self {
            Self::Putty | Self::OpenSsh => None,
            Self::Base64(lead) => Some((decoded(text, *lead), Self::OpenSsh)),
            Self::Twice(inner, outer) => {
                let mut once = decoded(text, *outer);
                // The first character shares one of the outer text's with what is before it.
                *once.first_mut()? = *determined(OPENSSH, *inner).first()?;
                Some((once, Self::Base64(*inner)))
            }
        }
    }
}

struct Beginnings {
    automaton: AhoCorasick,
    forms: Vec<Form>,
}

/// Each beginning, and its form. None begins with another.
fn patterns() -> impl Iterator<Item = (Vec<u8>, Form)> {
    let plain = [
        (PUTTY.to_vec(), Form::Putty),
        (OPENSSH.to_vec(), Form::OpenSsh),
    ];
    let encoded = (0..3).flat_map(|inner| {
        let once = determined(OPENSSH, inner);
        let twice = |outer| (determined(&once, outer), Form::Twice(inner, outer));
        let twice: Vec<_> = (0..3).map(twice).collect();
        twice.into_iter().chain([(once, Form::Base64(inner))])
    });
    plain.into_iter().chain(encoded)
}

static BEGINNINGS: LazyLock<Beginnings> = LazyLock::new(|| {
    let (patterns, forms): (Vec<_>, Vec<_>) = patterns().unzip();
    // Vector instructions find candidates for this kind of match only.
    let automaton = AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostFirst)
        .build(patterns);
    Beginnings {
        #[expect(clippy::expect_used, reason = "the patterns are constants, and few")]
        automaton: automaton.expect("an automaton of fourteen short patterns"),
        forms,
    }
});

fn length(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// More than what is in clear of a key file: 4 KiB of public key in base64 of base64, in rows.
const REACH: usize = 16 << 10;
/// Of a text in base64 of base64, more than tells whether it can be a key file.
const HEAD: usize = 192;
/// As many as the exact search tells.
const MOST: usize = 1_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_beginning_is_the_beginning_of_another() {
        let patterns = patterns().map(|(pattern, _)| pattern);
        let patterns: Vec<_> = patterns.collect();
        for one in &patterns {
            let longer = patterns.iter().filter(|other| other.starts_with(one));
            assert_eq!(longer.count(), 1, "{one:?}");
        }
    }

    #[test]
    fn a_beginning_of_a_beginning_is_told_by_a_few_bytes() {
        for (pattern, form) in patterns().skip(1) {
            assert!(!form.may_be(&pattern.repeat(HEAD)), "{pattern:?}");
        }
    }
}
