//! Entries of zip archives.

use std::io::{self, BufRead, Read};

use flate2::Crc;

use super::inflate::Inflate;
use crate::verify::decode::zip::ZipEntry;

/// The content of an entry of a zip archive whose checksum is looked at.
pub(super) struct Zip<R: BufRead> {
    inflating: Inflate<R>,
    checksum: Option<u32>,
    crc: Crc,
    ended: bool,
}

impl<R: BufRead> Zip<R> {
    pub(super) fn new(entry: &ZipEntry, input: R) -> Self {
        Self {
            inflating: Inflate::bare(input),
            checksum: entry.checksum,
            crc: Crc::new(),
            ended: false,
        }
    }
}

impl<R: BufRead> Read for Zip<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if self.ended || to.is_empty() {
            return Ok(0);
        }
        let read = self.inflating.read(to)?;
        self.crc.update(to.get(..read).unwrap_or_default());
        if read == 0 {
            self.ended = true;
            let checksum = match self.checksum {
                Some(checksum) => Some(checksum),
                None => ZipEntry::checksum_behind(self.inflating.input().fill_buf()?),
            };
            if checksum != Some(self.crc.sum()) {
                return Err(io::ErrorKind::InvalidData.into());
            }
        }
        Ok(read)
    }
}
