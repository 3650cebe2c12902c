//! How much of a secret number a place of the text holds.

use std::ops::Range;

use keystay_proto::control::Encoding;

use super::encode::BIT;

/// A run of text that equals a part of a pattern.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// Where it stands in the text.
    pub(super) text: Range<u64>,
    /// The part of the number it carries, in [`BIT`]s.
    pub(super) part: Range<u16>,
    pub(super) encoding: Encoding,
}

/// A place that holds enough of a number to be reported.
pub(super) struct Proof {
    pub(super) text: Range<u64>,
    pub(super) encoding: Encoding,
}

/// The latest runs of one number, each close to the one before it.
///
/// Rows of a wrapped text each carry a part of the number; what counts is how many different bits
/// they carry together.
#[derive(Default)]
pub(super) struct Evidence {
    runs: Vec<Run>,
}

impl Evidence {
    /// Adds a run; says so where it and those near it hold 80 bits of the number. Short runs are
    /// chance, in lists of numbers above all, and do not count.
    pub(super) fn add(&mut self, run: Run) -> Option<Proof> {
        if run.part.end - run.part.start < LEAST {
            return None;
        }
        if self
            .runs
            .iter()
            .all(|other| other.text.end + NEAR < run.text.start)
        {
            self.runs.clear();
        }
        if !self.runs.contains(&run) {
            if self.runs.len() >= MOST_RUNS {
                self.runs.remove(0);
            }
            self.runs.push(run);
        }
        (self.bits() >= ENOUGH).then(|| self.proof()).flatten()
    }

    fn bits(&self) -> u16 {
        let mut parts: Vec<_> = self.runs.iter().map(|run| run.part.clone()).collect();
        parts.sort_by_key(|part| part.start);
        let (mut sum, mut reached) = (0, 0);
        for part in parts {
            sum += part.end.saturating_sub(part.start.max(reached));
            reached = reached.max(part.end);
        }
        sum
    }

    fn proof(&self) -> Option<Proof> {
        let start = self.runs.iter().map(|run| run.text.start).min()?;
        let end = self.runs.iter().map(|run| run.text.end).max()?;
        let longest = self
            .runs
            .iter()
            .max_by_key(|run| run.part.end - run.part.start)?;
        Some(Proof {
            text: start..end,
            encoding: longest.encoding,
        })
    }
}

/// 80 bits. Fewer are never spoken of: guessing them one by one must not pay.
const ENOUGH: u16 = 80 * BIT;
/// What a run carries at least: less than a row of 15 characters of base64 of base64, or of eight
/// bytes in a list, and rare by chance.
const LEAST: u16 = 40 * BIT;
/// How far apart rows of one text may be, in bytes.
const NEAR: u64 = 64;
const MOST_RUNS: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;

    fn run(at: u64, bits: Range<u16>) -> Run {
        Run {
            text: at..at + 10,
            part: bits.start * BIT..bits.end * BIT,
            encoding: Encoding::Base64,
        }
    }

    #[test]
    fn seventy_nine_bits_are_not_enough_and_eighty_are() {
        assert!(Evidence::default().add(run(0, 0..79)).is_none());
        assert!(Evidence::default().add(run(0, 0..80)).is_some());
    }

    #[test]
    fn rows_near_each_other_count_together() {
        let mut evidence = Evidence::default();
        assert!(evidence.add(run(100, 0..50)).is_none());
        assert!(evidence.add(run(120, 35..75)).is_none());
        let proof = evidence.add(run(180, 80..120)).unwrap();
        assert_eq!(proof.text, 100..190);
    }

    #[test]
    fn the_same_bits_twice_count_once() {
        let mut evidence = Evidence::default();
        for at in 0..10 {
            assert!(evidence.add(run(at * 20, 0..50)).is_none());
        }
    }

    #[test]
    fn runs_of_chance_do_not_count() {
        let mut evidence = Evidence::default();
        for at in 0..6 {
            let bits = u16::try_from(at).unwrap() * 39;
            assert!(evidence.add(run(at * 20, bits..bits + 39)).is_none());
        }
    }

    #[test]
    fn rows_far_from_each_other_do_not_count_together() {
        let mut evidence = Evidence::default();
        assert!(evidence.add(run(0, 0..50)).is_none());
        assert!(evidence.add(run(100, 50..100)).is_none());
    }
}
