//! The search in a stream of bytes.

use std::{fmt, ops::Range};

use keystay_proto::control::ScanReport;
use zeroize::Zeroizing;

use super::{
    Blind, Needles,
    canary::Planted,
    evidence::{Evidence, Proof, Run},
    hits::Hits,
    pattern::Pattern,
    table::WINDOW,
};

/// Looks for [`Needles`] in bytes that come in chunks of any size.
///
/// Memory is bounded whatever the length of the stream: a buffer of 128 KiB and what was found. A
/// match counts when 80 bits of a number stand near each other, so that base64 in rows of 16
/// characters or more is found whatever separates the rows; lists, UTF-16 and digits of base64, in
/// rows of 32.
pub struct Scanner<'n> {
    needles: &'n Needles,
    buffer: Zeroizing<Vec<u8>>,
    /// Where the buffer begins, counted from the first canary.
    base: u64,
    /// Where in the buffer the bytes begin that were not looked at.
    from: usize,
    evidence: Vec<Evidence>,
    hits: Hits,
    bytes: u64,
    canaries: [Planted; 2],
    sightings: Vec<Proof>,
}

impl<'n> Scanner<'n> {
    /// A search that has seen nothing but its canary.
    ///
    /// # Errors
    ///
    /// [`Blind::NoRandomBytes`], to draw the encodings of the canary with.
    pub fn new(needles: &'n Needles) -> Result<Self, Blind> {
        let canaries = needles.planted()?;
        let mut scanner = Self {
            needles,
            buffer: Zeroizing::new(Vec::with_capacity(BUFFER)),
            base: 0,
            from: 0,
            evidence: needles.pieces.iter().map(|_| Evidence::default()).collect(),
            hits: Hits::default(),
            bytes: 0,
            sightings: Vec::new(),
            canaries,
        };
        let first = scanner.canaries[0].text.clone();
        scanner.take(&first);
        Ok(scanner)
    }

    /// Looks at the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes += length(bytes);
        self.take(bytes);
    }

    /// Looks at what is left and says what was found.
    ///
    /// # Errors
    ///
    /// [`Blind::Canary`] if the search did not find what was planted before and after the stream.
    pub fn finish(mut self) -> Result<ScanReport, Blind> {
        let canary = self.canaries[1].text.clone();
        self.take(&canary);
        self.look(self.from..self.buffer.len());
        self.check_canaries()?;
        let start = length(&self.canaries[0].text);
        Ok(ScanReport {
            bytes: self.bytes,
            truncated: self.hits.truncated(),
            hits: self.hits.into_sorted(start),
        })
    }

    fn check_canaries(&self) -> Result<(), Blind> {
        let [first, last] = &self.canaries;
        let lead = length(&first.text);
        let places = [(first, 0..lead), (last, lead + self.bytes..u64::MAX)];
        // A search that has found too much is not asked for more.
        let count = if self.hits.truncated() { 1 } else { 2 };
        let missed = places.into_iter().take(count).find(|(canary, place)| {
            self.sightings
                .iter()
                .all(|seen| seen.encoding != canary.encoding || !place.contains(&seen.text.start))
        });
        missed.map_or(Ok(()), |(canary, _)| Err(Blind::Canary(canary.encoding)))
    }

    fn take(&mut self, bytes: &[u8]) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let room = BUFFER.saturating_sub(self.buffer.len()).min(rest.len());
            let (now, later) = rest.split_at(room);
            self.buffer.extend_from_slice(now);
            rest = later;
            if self.buffer.len() >= BUFFER {
                self.look(self.from..BUFFER - REACH);
                self.slide();
            }
        }
    }

    /// Looks up every eighth byte of a part of the buffer.
    fn look(&mut self, part: Range<usize>) {
        if self.hits.truncated() {
            return;
        }
        let needles = self.needles;
        let (blocks, rest) = self
            .buffer
            .get(part.clone())
            .unwrap_or_default()
            .as_chunks::<BLOCK>();
        let mut candidates = Vec::new();
        for (number, block) in blocks.iter().enumerate() {
            if probe(needles, block) != 0 {
                candidates.push(part.start + number * BLOCK);
            }
        }
        if !rest.is_empty() {
            candidates.push(part.start + blocks.len() * BLOCK);
        }
        for at in candidates {
            self.look_closely(at);
        }
    }

    fn look_closely(&mut self, block: usize) {
        let needles = self.needles;
        for at in (block..block + BLOCK).step_by(WINDOW) {
            let window = self
                .buffer
                .get(at..at + WINDOW)
                .and_then(|bytes| bytes.try_into().ok());
            let Some(window) = window.map(u64::from_le_bytes) else {
                return;
            };
            if needles.table.probe(window) == 0 {
                continue;
            }
            for (pattern, offset) in needles.table.places(window, &needles.patterns) {
                self.extend(at, pattern, offset);
            }
        }
    }

    /// Follows a window that is in the table to both sides as far as text and pattern agree.
    fn extend(&mut self, at: usize, pattern: &Pattern, offset: usize) -> Option<()> {
        let (before, after) = self.buffer.split_at_checked(at)?;
        let (head, tail) = pattern.written.text.split_at_checked(offset)?;
        let left = agreeing(before.iter().rev(), head.iter().rev());
        let right = agreeing(after.iter(), tail.iter());
        let start = self.base + u64::try_from(at - left).ok()?;
        let run = Run {
            text: start..start + u64::try_from(left + right).ok()?,
            part: pattern.written.part(&(offset - left..offset + right)),
            encoding: pattern.encoding,
        };
        let proof = self.evidence.get_mut(pattern.piece)?.add(run)?;
        match self.needles.owner(pattern.piece) {
            Some(key) => self.hits.add(proof.text, key, proof.encoding),
            None if self.sightings.len() < MOST_SIGHTINGS => self.sightings.push(proof),
            None => {}
        }
        Some(())
    }

    /// Keeps what a match across the end of the buffer needs: the bytes not looked at, and as many
    /// before them as a pattern is long.
    fn slide(&mut self) {
        let keep = self.buffer.len().saturating_sub(2 * REACH);
        self.base += length(self.buffer.get(..keep).unwrap_or_default());
        self.buffer.drain(..keep);
        self.from = REACH;
    }
}

impl fmt::Debug for Scanner<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scanner")
            .field("bytes", &self.bytes)
            .finish_non_exhaustive()
    }
}

/// Whether a block may hold a window of the table: not 0 if so.
#[inline]
fn probe(needles: &Needles, block: &[u8; BLOCK]) -> u64 {
    let (windows, _) = block.as_chunks::<WINDOW>();
    windows.iter().fold(0, |any, window| {
        any | needles.table.probe(u64::from_le_bytes(*window))
    })
}

fn agreeing<'b>(
    text: impl Iterator<Item = &'b u8>,
    pattern: impl Iterator<Item = &'b u8>,
) -> usize {
    text.zip(pattern).take_while(|(a, b)| a == b).count()
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Small enough for the processor's second cache beside the table.
const BUFFER: usize = 128 << 10;
/// More than the longest pattern, a multiple of the block.
const REACH: usize = 256;
const BLOCK: usize = 64;
/// Of the canary, in two places, each seen through several windows.
const MOST_SIGHTINGS: usize = 256;

#[cfg(test)]
mod tests {
    use keystay_proto::{Fingerprint, control::Encoding};

    use super::*;
    use crate::scan::table::Table;

    fn needles() -> Needles {
        Needles::new([(Fingerprint::of(b"key"), b"a number that is a sentence")]).unwrap()
    }

    fn deaf() -> Needles {
        let mut needles = needles();
        needles.table = Table::of(&[]);
        needles
    }

    #[test]
    fn a_search_that_finds_nothing_is_noticed() {
        let deaf = deaf();
        for bytes in [0, 10, BUFFER, 3 * BUFFER + 1] {
            let mut scanner = Scanner::new(&deaf).unwrap();
            scanner.push(&vec![b'.'; bytes]);
            assert!(matches!(scanner.finish(), Err(Blind::Canary(_))), "{bytes}");
        }
    }

    #[test]
    fn a_search_that_stops_finding_is_noticed() {
        let (needles, deaf) = (needles(), deaf());
        let mut scanner = Scanner::new(&needles).unwrap();
        scanner.push(&vec![b'.'; 3 * BUFFER]);
        scanner.needles = &deaf;
        assert!(matches!(scanner.finish(), Err(Blind::Canary(_))));
    }

    #[test]
    fn a_search_that_passes_over_bytes_is_noticed() {
        let needles = needles();
        let mut scanner = Scanner::new(&needles).unwrap();
        scanner.push(&[b'.'; 1000]);
        scanner.from = BUFFER;
        assert!(matches!(scanner.finish(), Err(Blind::Canary(_))));
    }

    #[test]
    fn a_search_that_reports_another_encoding_is_noticed() {
        let mut needles = needles();
        for pattern in &mut needles.patterns {
            pattern.encoding = match pattern.encoding {
                Encoding::Raw => Encoding::Hex,
                _ => Encoding::Raw,
            };
        }
        let scanner = Scanner::new(&needles).unwrap();
        assert!(matches!(scanner.finish(), Err(Blind::Canary(_))));
    }

    #[test]
    fn every_form_of_the_canary_is_found_and_is_no_part_of_the_report() {
        let needles = needles();
        for _ in 0..2_000 {
            let mut scanner = Scanner::new(&needles).unwrap();
            scanner.push(b"some bytes");
            let report = scanner.finish().unwrap();
            assert_eq!(
                (report.bytes, report.hits, report.truncated),
                (10, vec![], false)
            );
        }
    }

    #[test]
    fn offsets_are_those_of_the_stream() {
        let needles = needles();
        for at in [0_usize, 1, 600, BUFFER - 5, 2 * BUFFER] {
            let mut scanner = Scanner::new(&needles).unwrap();
            scanner.push(&vec![b'.'; at]);
            scanner.push(b"a number that is a sentence");
            let report = scanner.finish().unwrap();
            assert_eq!(report.hits[0].offset, length(&vec![0; at]));
            assert_eq!(
                (report.hits.len(), report.bytes),
                (1, length(&vec![0; at + 27]))
            );
        }
    }
}
