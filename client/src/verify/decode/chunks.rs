//! The data of a PNG image (PNG specification, 11.2.3).

use std::io::{self, BufRead, Read};

use super::finder::PNG_DATA;

/// The content of data chunks one behind the other, from the length of the first on.
pub(super) struct Chunks<R> {
    input: R,
    /// What is left of the present chunk, in bytes.
    left: u64,
    /// What precedes the next chunk: the checksum of the present one.
    between: usize,
    ended: bool,
}

impl<R: BufRead> Chunks<R> {
    pub(super) fn new(input: R) -> Self {
        Self {
            input,
            left: 0,
            between: 0,
            ended: false,
        }
    }

    fn next(&mut self) -> io::Result<()> {
        let mut header = [0; 12];
        let header = header.get_mut(4 - self.between..).unwrap_or_default();
        self.input.read_exact(header)?;
        let (length, name) = header.split_last_chunk::<4>().unwrap_or((&[], &[0; 4]));
        self.ended = name != PNG_DATA;
        let length = length.last_chunk().copied().map(u32::from_be_bytes);
        self.left = u64::from(length.unwrap_or(0));
        self.between = 4;
        Ok(())
    }
}

impl<R: BufRead> Read for Chunks<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(to)?;
        self.consume(count);
        Ok(count)
    }
}

impl<R: BufRead> BufRead for Chunks<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.left == 0 && !self.ended {
            self.next()?;
        }
        if self.ended {
            return Ok(&[]);
        }
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        let bytes = self.input.fill_buf()?;
        Ok(bytes.get(..left).unwrap_or(bytes))
    }

    fn consume(&mut self, count: usize) {
        let count = u64::try_from(count).unwrap_or(u64::MAX).min(self.left);
        self.left -= count;
        self.input.consume(usize::try_from(count).unwrap_or(0));
    }
}
