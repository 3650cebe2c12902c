//! The search in a stream of bytes.

use std::{fmt, ops::Range};

use keystay_proto::control::ScanReport;
use zeroize::Zeroizing;

use super::{
    Needles,
    evidence::{Evidence, Run},
    hits::Hits,
    table::WINDOW,
};

/// Looks for [`Needles`] in bytes that come in chunks of any size.
///
/// Memory is bounded whatever the length of the stream: a buffer of 128 KiB and what was found. A
/// match counts when 80 bits of a number stand near each other, so that base64 in rows of 16
/// characters or more, whatever separates the rows, is found.
pub struct Scanner<'n> {
    needles: &'n Needles,
    buffer: Zeroizing<Vec<u8>>,
    /// Where in the stream the buffer begins.
    base: u64,
    /// Where in the buffer the bytes begin that were not looked at.
    from: usize,
    evidence: Vec<Evidence>,
    hits: Hits,
    bytes: u64,
}

impl<'n> Scanner<'n> {
    /// A search that has seen nothing.
    #[must_use]
    pub fn new(needles: &'n Needles) -> Self {
        Self {
            needles,
            buffer: Zeroizing::new(Vec::with_capacity(BUFFER)),
            base: 0,
            from: 0,
            evidence: needles.pieces.iter().map(|_| Evidence::default()).collect(),
            hits: Hits::default(),
            bytes: 0,
        }
    }

    /// Looks at the next bytes of the stream.
    pub fn push(&mut self, bytes: &[u8]) {
        self.bytes += length(bytes);
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

    /// Looks at what is left and says what was found.
    #[must_use]
    pub fn finish(mut self) -> ScanReport {
        self.look(self.from..self.buffer.len());
        let truncated = self.hits.truncated();
        ScanReport {
            bytes: self.bytes,
            hits: self.hits.into_sorted(),
            truncated,
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
            for (pattern, offset) in needles.table.places(window) {
                self.extend(at, pattern, offset);
            }
        }
    }

    /// Follows a window that is in the table to both sides as far as text and pattern agree.
    fn extend(&mut self, at: usize, pattern: usize, offset: usize) -> Option<()> {
        let needles = self.needles;
        let pattern = needles.patterns.get(pattern)?;
        let (before, after) = self.buffer.split_at_checked(at)?;
        let (head, tail) = pattern.text.split_at_checked(offset)?;
        let left = agreeing(before.iter().rev(), head.iter().rev());
        let right = agreeing(after.iter(), tail.iter());
        let start = self.base + u64::try_from(at - left).ok()?;
        let run = Run {
            text: start..start + u64::try_from(left + right).ok()?,
            bits: pattern.bits(offset - left..offset + right),
            encoding: pattern.encoding,
        };
        let proof = self.evidence.get_mut(pattern.piece)?.add(run)?;
        self.hits.add(
            proof.text,
            *needles.pieces.get(pattern.piece)?,
            proof.encoding,
        );
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
