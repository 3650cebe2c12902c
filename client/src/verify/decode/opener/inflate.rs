//! Deflate streams (RFC 1951), bare or in the zlib format (RFC 1950).

use std::{
    io::{self, BufRead, Read},
    sync::{Mutex, PoisonError},
};

use flate2::{Decompress, FlushDecompress, Status};

/// What a stream inflates to. Images hold thousands of short streams, and what only looks like one: a
/// decoder's state, which is long, is used again.
pub(super) struct Inflate<R> {
    input: R,
    state: Option<Decompress>,
}

impl<R: BufRead> Inflate<R> {
    /// A stream in the zlib format that begins where its input stands.
    pub(super) fn zlib(input: R) -> Self {
        Self::new(input, true)
    }

    /// A stream without header and checksum.
    pub(super) fn bare(input: R) -> Self {
        Self::new(input, false)
    }

    fn new(input: R, has_header: bool) -> Self {
        let spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let used = spare.map(|mut state| {
            state.reset(has_header);
            state
        });
        Self {
            input,
            state: Some(used.unwrap_or_else(|| Decompress::new(has_header))),
        }
    }

    /// What stands behind the stream, once that has ended.
    pub(super) fn input(&mut self) -> &mut R {
        &mut self.input
    }
}

impl<R: BufRead> Read for Inflate<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let Some(state) = self.state.as_mut().filter(|_| !to.is_empty()) else {
            return Ok(0);
        };
        loop {
            let input = self.input.fill_buf()?;
            let is_end = input.is_empty();
            let (before, written) = (state.total_in(), state.total_out());
            let status = state.decompress(input, to, FlushDecompress::None);
            let taken = usize::try_from(state.total_in() - before).unwrap_or(usize::MAX);
            let written = usize::try_from(state.total_out() - written).unwrap_or(usize::MAX);
            self.input.consume(taken);
            match status {
                Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
                Ok(Status::StreamEnd) => return Ok(written),
                Ok(_) if written > 0 => return Ok(written),
                Ok(_) if is_end => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(_) => {}
            }
        }
    }
}

impl<R> Drop for Inflate<R> {
    fn drop(&mut self) {
        let mut spare = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
        if spare.len() < MOST_SPARE {
            spare.extend(self.state.take());
        }
    }
}

static SPARE: Mutex<Vec<Decompress>> = Mutex::new(Vec::new());
/// One for each depth of each thread.
const MOST_SPARE: usize = 32;
