//! The names field of a line: which hosts the line is about.

use std::fmt;

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::entry::LineFault;

/// The hosts of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Names {
    /// One host, of which only a hash is told.
    Hashed { salt: Digest, hash: Digest },
    /// Names and patterns, any of which may match and none of the negated ones.
    Patterns(Vec<Pattern>),
}

/// A name, or a pattern with `*` and `?`, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    text: String,
    negated: bool,
}

/// An HMAC-SHA1, and the salt for one.
pub(super) type Digest = [u8; 20];

impl Names {
    pub(super) fn parse(field: &str) -> Result<Self, LineFault> {
        match field.strip_prefix(HASHED) {
            Some(rest) => parse_hashed(rest).ok_or(LineFault::HashedName),
            None if field.starts_with('|') => Err(LineFault::HashedName),
            None => Ok(Self::Patterns(
                field.split(',').map(Pattern::parse).collect(),
            )),
        }
    }

    /// The hashed name of one host.
    pub(super) fn hashed(host: &str, salt: Digest) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, &salt);
        let tag = hmac::sign(&key, host.to_ascii_lowercase().as_bytes());
        let mut hash = [0; 20];
        hash.iter_mut()
            .zip(tag.as_ref())
            .for_each(|(to, from)| *to = *from);
        Self::Hashed { salt, hash }
    }

    /// Whether the line is about `host`: `name`, or `[name]:port` for another port than 22.
    pub(super) fn matches(&self, host: &str) -> bool {
        match self {
            Self::Hashed { salt, .. } => *self == Self::hashed(host, *salt),
            Self::Patterns(patterns) => {
                let host = host.to_ascii_lowercase();
                let mut matching = patterns.iter().filter(|pattern| pattern.matches(&host));
                let negated = matching.clone().any(|pattern| pattern.negated);
                !negated && matching.next().is_some()
            }
        }
    }

    /// The names in it that stand for themselves alone.
    pub(super) fn plain(&self) -> impl Iterator<Item = &str> {
        self.patterns()
            .filter(|pattern| pattern.is_plain())
            .map(|pattern| pattern.text.as_str())
    }

    /// Whether all of it is plain names, so that each can be told by its hash instead.
    pub(super) fn is_plain(&self) -> bool {
        matches!(self, Self::Patterns(_)) && self.patterns().all(Pattern::is_plain)
    }

    /// What to call a host of this line if it tells no name: its pattern, or that it is hashed.
    pub(super) fn describe(&self) -> Option<&str> {
        match self {
            Self::Hashed { .. } => Some(UNNAMED),
            Self::Patterns(_) if self.plain().next().is_some() => None,
            Self::Patterns(patterns) => {
                let pattern = patterns.iter().find(|pattern| !pattern.negated)?;
                Some(pattern.text.as_str())
            }
        }
    }

    /// The ports that it has patterns for.
    pub(super) fn ports(&self) -> impl Iterator<Item = &str> {
        self.patterns()
            .filter(|pattern| !pattern.negated && pattern.text.starts_with('['))
            .filter_map(|pattern| pattern.text.rsplit_once("]:"))
            .map(|(_, port)| port)
    }

    fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        let patterns: &[Pattern] = match self {
            Self::Hashed { .. } => &[],
            Self::Patterns(patterns) => patterns,
        };
        patterns.iter()
    }
}

fn parse_hashed(text: &str) -> Option<Names> {
    let (salt, hash) = text.split_once('|')?;
    let salt = STANDARD.decode(salt).ok()?.try_into().ok()?;
    let hash = STANDARD.decode(hash).ok()?.try_into().ok()?;
    Some(Names::Hashed { salt, hash })
}

impl fmt::Display for Names {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Hashed { salt, hash } => {
                write!(
                    f,
                    "{HASHED}{}|{}",
                    STANDARD.encode(salt),
                    STANDARD.encode(hash)
                )
            }
            Self::Patterns(patterns) => {
                let texts = patterns.iter().map(Pattern::to_string).collect::<Vec<_>>();
                f.write_str(&texts.join(","))
            }
        }
    }
}

impl Pattern {
    fn parse(text: &str) -> Self {
        let positive = text.strip_prefix('!');
        let text = positive.unwrap_or(text).to_ascii_lowercase();
        Self {
            text,
            negated: positive.is_some(),
        }
    }

    fn is_plain(&self) -> bool {
        !self.negated && !self.text.is_empty() && !self.text.contains(['*', '?'])
    }

    fn matches(&self, host: &str) -> bool {
        is_match(self.text.as_bytes(), host.as_bytes())
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", if self.negated { "!" } else { "" }, self.text)
    }
}

/// Whether `text` matches `pattern`, in time at most proportional to the product of their lengths:
/// after a mismatch only the last `*` can take more.
pub(crate) fn is_match(mut pattern: &[u8], mut text: &[u8]) -> bool {
    let mut retry = None;
    loop {
        match (pattern.split_first(), text.split_first()) {
            (Some((b'*', rest)), _) => {
                pattern = rest;
                retry = Some((rest, text));
            }
            (Some((wanted, rest)), Some((found, left))) if [*found, b'?'].contains(wanted) => {
                (pattern, text) = (rest, left);
            }
            (None, None) => return true,
            _ => {
                let Some((after_star, [_, left @ ..])) = retry else {
                    return false;
                };
                (pattern, text) = (after_star, left);
                retry = Some((after_star, left));
            }
        }
    }
}

/// What a hashed name begins with.
const HASHED: &str = "|1|";
/// What a host is called whose name is known by its hash only.
const UNNAMED: &str = "a known host (hashed)";
