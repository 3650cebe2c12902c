//! What is looked for.

use std::fmt;

use keystay_proto::Fingerprint;

use super::{pattern::Pattern, table::Table};

/// The secret numbers of some keys in every encoding, ready to be looked for.
///
/// A number of at most 80 bytes is looked for whole; of a longer one (RSA) 40 bytes of its head,
/// its middle and its tail. The table takes at most 80 KiB for an Ed25519 key and 1.3 MiB for an RSA
/// key of any length; it is wiped when dropped.
pub struct Needles {
    pub(super) pieces: Vec<Fingerprint>,
    pub(super) patterns: Vec<Pattern>,
    pub(super) table: Table,
}

impl Needles {
    /// Needles for these secret numbers, each with the key it belongs to: Ed25519 seeds, ECDSA
    /// scalars, RSA primes, exponents and coefficients, big-endian. Leading zeros are passed over.
    ///
    /// They must be secret to the last byte: a number that holds part of the public key would be
    /// found in every `authorized_keys`. One below ten bytes is never found.
    pub fn new<C: AsRef<[u8]>>(cores: impl IntoIterator<Item = (Fingerprint, C)>) -> Self {
        let mut pieces = Vec::new();
        let mut patterns = Vec::new();
        for (key, core) in cores {
            for piece in pieces_of(core.as_ref()) {
                patterns.extend(Pattern::all(pieces.len(), piece));
                pieces.push(key);
            }
        }
        let table = Table::of(&patterns);
        Self {
            pieces,
            patterns,
            table,
        }
    }

    /// Whether there is nothing to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pieces.is_empty()
    }

    /// How much memory the table of all encodings takes, in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        self.table.size()
    }
}

impl fmt::Debug for Needles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Needles")
            .field("pieces", &self.pieces.len())
            .finish_non_exhaustive()
    }
}

fn pieces_of(core: &[u8]) -> Vec<&[u8]> {
    let zeros = core.iter().take_while(|byte| **byte == 0).count();
    let core = core.get(zeros..).unwrap_or_default();
    if core.len() <= WHOLE {
        return if core.is_empty() {
            Vec::new()
        } else {
            vec![core]
        };
    }
    let last = core.len() - SAMPLE;
    [0, last / 2, last]
        .iter()
        .filter_map(|at| core.get(*at..at + SAMPLE))
        .collect()
}

const WHOLE: usize = 80;
const SAMPLE: usize = 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_number_is_sampled_at_head_middle_and_tail() {
        let core: Vec<u8> = (0..=255).collect();
        let pieces = pieces_of(&core);
        assert_eq!(pieces, [&core[1..41], &core[108..148], &core[216..256]]);
    }

    #[test]
    fn leading_zeros_are_passed_over() {
        assert_eq!(pieces_of(&[0, 0, 5, 6]), [[5, 6]]);
        assert!(pieces_of(&[0, 0]).is_empty());
    }

    #[test]
    fn debug_shows_no_bytes() {
        let needles = Needles::new([(Fingerprint::of(b"k"), [0xab_u8; 32])]);
        assert_eq!(format!("{needles:?}"), "Needles { pieces: 1, .. }");
    }
}
