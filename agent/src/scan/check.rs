//! The proof that a search finds what it looks for.

use std::ops::Range;

use keystay_proto::control::Encoding;

use super::{
    Needles, Scanner,
    forms::{FILLER, forms},
    pattern::LONGEST,
};

/// A search whose silence would prove nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Blind {
    /// It does not find a key that was put before it in this encoding.
    #[error("the search for keys does not find a key that was put before it as {0}")]
    Key(Encoding),
    /// It did not find what was planted around the bytes in this encoding.
    #[error("the search for keys did not find the random key planted beside the bytes as {0}")]
    Canary(Encoding),
    /// The system gives no random bytes.
    #[error("the system gives no random bytes to prove the search with")]
    NoRandomBytes,
}

impl Needles {
    /// Puts every number before a search, written in every encoding by other code than that which
    /// made the needles, and says whether each was found. Takes some milliseconds for an RSA key.
    pub fn self_check(&self) -> Result<(), Blind> {
        let mut last = None;
        for pattern in &self.patterns {
            // The first pattern of a piece is the piece itself.
            let is_first = last.replace(pattern.piece) != Some(pattern.piece);
            if is_first && self.owner(pattern.piece).is_some() {
                self.check_one(&pattern.written.text)?;
            }
        }
        Ok(())
    }

    fn check_one(&self, core: &[u8]) -> Result<(), Blind> {
        let mut scanner = Scanner::new(self)?;
        let mut planted = Vec::new();
        let mut at = 0;
        for (encoding, text) in forms(core) {
            scanner.push(&APART);
            scanner.push(&text);
            let start = at + APART.len();
            at = start + text.len();
            // The filler before may agree with a byte that another piece of the number has there.
            planted.push((encoding, start - LONGEST..at));
        }
        let found = scanner.finish()?.hits;
        let is_found = |encoding, place: &Range<usize>| {
            found.iter().any(|hit| {
                hit.encoding == encoding
                    && usize::try_from(hit.offset).is_ok_and(|offset| place.contains(&offset))
            })
        };
        match planted
            .into_iter()
            .find(|(encoding, place)| !is_found(*encoding, place))
        {
            Some((encoding, _)) => Err(Blind::Key(encoding)),
            None => Ok(()),
        }
    }
}

/// Longer than what one place of several parts may bridge.
const APART: [u8; 400] = [FILLER; 400];

#[cfg(test)]
mod tests {
    use keystay_proto::Fingerprint;

    use super::*;
    use crate::scan::{pattern::Pattern, table::Table};

    fn needles() -> Needles {
        let core: Vec<u8> = (0..32_u8)
            .map(|n| n.wrapping_mul(91).wrapping_add(19))
            .collect();
        Needles::new([(Fingerprint::of(b"key"), core)]).unwrap()
    }

    #[test]
    fn a_whole_search_passes() {
        assert_eq!(needles().self_check(), Ok(()));
    }

    #[test]
    fn what_stands_between_the_forms_may_be_a_byte_of_the_number() {
        // Head and tail are looked for, and hold most of it both.
        for place in [7, 40] {
            let mut core: Vec<u8> = (0..48).collect();
            core[place] = FILLER;
            let needles = Needles::new([(Fingerprint::of(b"key"), core)]).unwrap();
            assert_eq!(needles.self_check(), Ok(()), "{place}");
        }
    }

    #[test]
    fn an_encoding_that_is_not_looked_for_is_noticed() {
        for encoding in [
            Encoding::Base64,
            Encoding::Decimal,
            Encoding::TripleBase64,
            Encoding::Utf16InBase64,
        ] {
            let mut needles = needles();
            let is_other = |pattern: &Pattern| {
                needles.pieces[pattern.piece].is_none() || pattern.encoding != encoding
            };
            let (kept, dropped): (Vec<_>, Vec<_>) = needles.patterns.drain(..).partition(is_other);
            assert!(!dropped.is_empty());
            needles.table = Table::of(&kept);
            needles.patterns = kept;
            assert_eq!(needles.self_check(), Err(Blind::Key(encoding)));
        }
    }
}
