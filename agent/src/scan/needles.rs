//! What is looked for.

use std::fmt;

use keystay_proto::Fingerprint;

use super::{
    Blind,
    canary::hatch,
    encode::Secret,
    pattern::{LONGEST, Pattern},
    table::Table,
};

/// The secret numbers of some keys in every encoding, ready to be looked for, and a random key
/// that proves of every search that it can find.
///
/// A number of at most 40 bytes is looked for whole, of one of at most 80 bytes its head and its tail,
/// of a longer one (RSA) 40 bytes of its head, its middle and its tail.
pub struct Needles {
    /// Whose each piece is; nobody's is the canary's.
    pub(super) pieces: Vec<Option<Fingerprint>>,
    pub(super) patterns: Vec<Pattern>,
    pub(super) table: Table,
    pub(super) canary: Secret,
}

impl Needles {
    /// Needles for these secret numbers, each with the key it belongs to: Ed25519 seeds, ECDSA
    /// scalars, RSA primes, exponents and coefficients, big-endian. Leading zeros are passed over.
    ///
    /// They must be secret to the last byte: a number that holds part of the public key would be
    /// found in every `authorized_keys`. One below ten bytes is never found.
    ///
    /// # Errors
    ///
    /// [`Blind::NoRandomBytes`], for the canary.
    pub fn new<C: AsRef<[u8]>>(
        cores: impl IntoIterator<Item = (Fingerprint, C)>,
    ) -> Result<Self, Blind> {
        let (mut pieces, mut patterns) = (Vec::new(), Vec::new());
        let mut add = |owner, core: &[u8]| {
            for piece in pieces_of(core) {
                patterns.extend(Pattern::all(pieces.len(), piece));
                pieces.push(owner);
            }
        };
        for (key, core) in cores {
            add(Some(key), core.as_ref());
        }
        let canary = hatch()?;
        add(None, &canary);
        Ok(Self {
            table: Table::of(&patterns),
            pieces,
            patterns,
            canary,
        })
    }

    /// Whether there is no key to look for.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.pieces.iter().all(Option::is_none)
    }

    /// Whose piece it is, unless it is the canary's.
    pub(super) fn owner(&self, piece: usize) -> Option<Fingerprint> {
        self.pieces.get(piece).copied().flatten()
    }

    /// How much memory the needles take, in bytes: about 0.4 MiB for an Ed25519 key and 3 MiB for
    /// an RSA key of any length. All of it is wiped when dropped.
    #[must_use]
    pub fn size(&self) -> usize {
        let patterns = self.patterns.iter().map(Pattern::size);
        self.table.size() + patterns.sum::<usize>()
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
    let last = core.len().saturating_sub(LONGEST);
    let starts: &[usize] = match core.len() {
        0 => &[],
        1..=LONGEST => &[0],
        len if len <= 2 * LONGEST => &[0, last],
        _ => &[0, last / 2, last],
    };
    starts
        .iter()
        .filter_map(|at| core.get(*at..core.len().min(at + LONGEST)))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_number_is_sampled_at_head_middle_and_tail() {
        let core: Vec<u8> = (0..=255).collect();
        let pieces = pieces_of(&core);
        assert_eq!(pieces, [&core[1..41], &core[108..148], &core[216..256]]);
        assert_eq!(pieces_of(&core[1..67]), [&core[1..41], &core[27..67]]);
        assert_eq!(pieces_of(&core[1..33]), [&core[1..33]]);
    }

    #[test]
    fn leading_zeros_are_passed_over() {
        assert_eq!(pieces_of(&[0, 0, 5, 6]), [[5, 6]]);
        assert!(pieces_of(&[0, 0]).is_empty());
    }

    #[test]
    fn debug_shows_no_bytes() {
        let needles = Needles::new([(Fingerprint::of(b"k"), [0xab_u8; 32])]).unwrap();
        assert_eq!(format!("{needles:?}"), "Needles { pieces: 2, .. }");
    }
}
