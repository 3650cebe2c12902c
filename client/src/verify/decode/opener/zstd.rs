//! Frames of zstd (RFC 8878).

use std::io::{self, BufRead, Chain, Cursor, Read};

use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

use super::skip;
use crate::verify::decode::zip::{u16_at, u32_at};

/// One frame of zstd whose checksum is looked at.
pub(super) struct Zstd<R: Read>(StreamingDecoder<R, FrameDecoder>);

impl<R: Read> Zstd<R> {
    pub(super) fn new(input: R, window: u64) -> io::Result<Self> {
        StreamingDecoder::new_with_max_window_size(input, window)
            .map(Self)
            .map_err(io::Error::other)
    }
}

impl<R: Read> Read for Zstd<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(to)?;
        let frame = &self.0.decoder;
        let is_other = |sum| frame.get_calculated_checksum() != Some(sum);
        if read == 0 && !to.is_empty() && frame.get_checksum_from_data().is_some_and(is_other) {
            return Err(io::ErrorKind::InvalidData.into());
        }
        Ok(read)
    }
}

/// Frames of zstd one behind the other, those that are to be skipped among them.
pub(super) struct ZstdFrames<R: BufRead> {
    input: Option<R>,
    frame: Option<Zstd<Chain<Cursor<[u8; 4]>, R>>>,
    /// What the decoder of a frame may keep, in bytes.
    memory: u64,
}

impl<R: BufRead> ZstdFrames<R> {
    pub(super) fn new(input: R, memory: u64) -> Self {
        Self {
            input: Some(input),
            frame: None,
            memory,
        }
    }
}

impl<R: BufRead> Read for ZstdFrames<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(frame) = &mut self.frame {
                let read = frame.read(to)?;
                if read > 0 || to.is_empty() {
                    return Ok(read);
                }
                let frame = self.frame.take();
                self.input = frame.map(|frame| frame.0.into_inner().into_inner().1);
            }
            let Some(mut input) = self.input.take() else {
                return Ok(0);
            };
            if input.fill_buf()?.is_empty() {
                return Ok(0);
            }
            let mut magic = [0; 4];
            input.read_exact(&mut magic)?;
            if let [0x50..=0x5f, 0x2a, 0x4d, 0x18] = magic {
                let mut length = [0; 4];
                input.read_exact(&mut length)?;
                let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
                skip(&mut input, length)?;
                self.input = Some(input);
            } else {
                let input = Cursor::new(magic).chain(input);
                self.frame = Some(Zstd::new(input, self.memory)?);
            }
        }
    }
}

/// Whether the first block of a frame is compressed, which chance does not do (RFC 8878 3.1.1).
pub(super) fn is_compressed_block(head: &[u8]) -> bool {
    let header = zstd_header(head).and_then(|length| head.get(length).copied());
    header.is_some_and(|block| (block >> 1) & 3 == 2)
}

/// How long the header of a frame is.
fn zstd_header(head: &[u8]) -> Option<usize> {
    let descriptor = *head.get(4)?;
    let single = descriptor & 0x20 != 0;
    let size = match (descriptor >> 6, single) {
        (0, false) => 0,
        (0, true) => 1,
        (log, _) => 1 << log,
    };
    Some(5 + usize::from(!single) + size)
}

pub(super) fn zstd_window(head: &[u8]) -> Option<u64> {
    let descriptor = *head.get(4)?;
    if descriptor & 0x20 == 0 {
        let window = *head.get(5)?;
        let base = 1_u64.checked_shl(10 + u32::from(window >> 3))?;
        return Some(base + base / 8 * u64::from(window & 7));
    }
    match descriptor >> 6 {
        0 => head.get(5).map(|size| u64::from(*size)),
        1 => u16_at(head, 5).map(|size| u64::from(size) + 256),
        2 => u32_at(head, 5).map(u64::from),
        _ => Some(u64::MAX),
    }
}
