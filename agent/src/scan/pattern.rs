//! One secret number in one encoding.

use std::ops::Range;

use keystay_proto::control::Encoding;

use super::encode::{self, LOWER, STANDARD, Secret, UPPER, URL_SAFE};

/// The bytes to be found, and which bits of the number each of them carries.
///
/// Bits are counted in halves: a character of base64 of base64 carries four and a half.
pub(super) struct Pattern {
    pub(super) text: Secret,
    pub(super) piece: usize,
    pub(super) encoding: Encoding,
    first: u32,
    step: u32,
    backwards: bool,
}

impl Pattern {
    /// Every encoding of `core`, none twice.
    pub(super) fn all(piece: usize, core: &[u8]) -> Vec<Self> {
        let mut all = Self::plain(piece, core);
        for alphabet in [STANDARD, URL_SAFE] {
            for lead in 0..3 {
                let inner = encode::base64(core, lead, alphabet);
                let first = 2 * encode::skipped(lead);
                all.extend((0..3).map(|outer| Self {
                    text: encode::base64(&inner, outer, STANDARD),
                    encoding: Encoding::DoubleBase64,
                    first: first + encode::skipped(outer) * 3 / 2,
                    step: 9,
                    ..Self::raw(piece, Secret::default())
                }));
                let encoding = Encoding::Base64;
                all.push(Self {
                    encoding,
                    first,
                    step: 12,
                    ..Self::raw(piece, inner)
                });
            }
        }
        without_doubles(all)
    }

    /// The bits of the number that a run of the pattern's bytes stands for, in halves.
    pub(super) fn bits(&self, run: Range<usize>) -> Range<u32> {
        let at = |index: usize| {
            u32::try_from(index)
                .unwrap_or(u32::MAX)
                .saturating_mul(self.step)
                + self.first
        };
        if self.backwards {
            let turned = |index: usize| at(self.text.len().saturating_sub(index));
            turned(run.end)..turned(run.start)
        } else {
            at(run.start)..at(run.end)
        }
    }

    fn plain(piece: usize, core: &[u8]) -> Vec<Self> {
        let hex = |digits| Self {
            encoding: Encoding::Hex,
            step: 8,
            ..Self::raw(piece, encode::hex(core, digits))
        };
        vec![
            Self::raw(piece, Secret::new(core.to_vec())),
            Self {
                backwards: true,
                ..Self::raw(piece, encode::reversed(core))
            },
            hex(LOWER),
            hex(UPPER),
        ]
    }

    fn raw(piece: usize, text: Secret) -> Self {
        Self {
            text,
            piece,
            encoding: Encoding::Raw,
            first: 0,
            step: 16,
            backwards: false,
        }
    }
}

fn without_doubles(all: Vec<Pattern>) -> Vec<Pattern> {
    let mut kept: Vec<Pattern> = Vec::with_capacity(all.len());
    for pattern in all {
        if kept.iter().all(|other| other.text != pattern.text) {
            kept.push(pattern);
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_pattern_carries_nearly_every_bit_of_its_number() {
        let core: Vec<u8> = (0..32_u8)
            .map(|n| n.wrapping_mul(37).wrapping_add(11))
            .collect();
        for pattern in Pattern::all(0, &core) {
            let bits = pattern.bits(0..pattern.text.len());
            assert!(bits.end <= 2 * 256, "{:?} {bits:?}", pattern.encoding);
            assert!(
                bits.end - bits.start >= 2 * 256 - 36,
                "{:?} {bits:?}",
                pattern.encoding
            );
        }
    }

    #[test]
    fn a_reversed_number_carries_its_bits_from_the_end() {
        let all = Pattern::all(0, &[7; 31].map(|n| n * 3));
        assert!(
            all.iter().all(|pattern| !pattern.backwards),
            "equal texts are kept once"
        );
        let core: Vec<u8> = (0..32).collect();
        let all = Pattern::all(0, &core);
        let backwards = all.iter().find(|pattern| pattern.backwards).unwrap();
        assert_eq!(backwards.bits(0..10), 22 * 16..32 * 16);
    }
}
