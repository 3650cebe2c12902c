//! Saved images in files and on standard input.

use std::{
    fs::File,
    io::{self, Cursor, Read},
    path::Path,
};

use bytes::BytesMut;
use flate2::read::MultiGzDecoder;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::{Sender, SourceError};
use crate::verify::buffer::{Buffer, SIZE};

/// Opens the file.
pub(super) fn open(path: &Path) -> Result<File, SourceError> {
    File::open(path).map_err(|source| SourceError::Read {
        what: path.display().to_string(),
        source,
    })
}

/// Sends the bytes as they are read. Says whether they were read to their end.
pub(super) async fn copy_all(what: String, mut from: impl AsyncRead + Unpin, to: &Sender) -> bool {
    loop {
        let mut buffer = BytesMut::with_capacity(SIZE);
        match from.read_buf(&mut buffer).await {
            Ok(0) => return true,
            Ok(_) => {
                if !to.send(Ok(buffer.freeze())).await {
                    return false;
                }
            }
            Err(source) => {
                to.send(Err(SourceError::Read { what, source })).await;
                return false;
            }
        }
    }
}

/// Sends the bytes of a file or of standard input, those of a gzip stream inflated: `docker save`
/// is often piped through gzip. Blocks.
pub(super) fn copy(what: String, mut from: impl Read, to: &Sender) {
    let mut head = Vec::new();
    let begun = Read::by_ref(&mut from).take(2).read_to_end(&mut head);
    let is_gzip = head == GZIP;
    let whole = Read::chain(Cursor::new(head), from);
    let read = match begun {
        Err(source) => Err(source),
        Ok(_) if is_gzip => copy_plain(MultiGzDecoder::new(whole), to),
        Ok(_) => copy_plain(whole, to),
    };
    if let Err(source) = read {
        to.blocking_send(Err(SourceError::Read { what, source }));
    }
}

fn copy_plain(mut from: impl Read, to: &Sender) -> io::Result<()> {
    loop {
        let mut buffer = Buffer::new();
        let read = buffer.read(&mut from);
        let is_end = !buffer.is_full();
        let is_heard = buffer.as_ref().is_empty() || to.blocking_send(Ok(buffer.freeze()));
        read?;
        if !is_heard || is_end {
            return Ok(());
        }
    }
}

const GZIP: [u8; 2] = [0x1f, 0x8b];
