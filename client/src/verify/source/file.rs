//! Saved images in files, and what reading bytes has in common.

use std::path::Path;

use bytes::BytesMut;
use tokio::{
    fs::File,
    io::{AsyncRead, AsyncReadExt as _},
    sync::mpsc,
};

use super::{Chunk, SourceError, send};

/// Opens the file.
pub(super) async fn open(path: &Path) -> Result<File, SourceError> {
    let failed = |source| SourceError::Read {
        what: path.display().to_string(),
        source,
    };
    File::open(path).await.map_err(failed)
}

/// Sends the bytes as they are read. Says whether they were read to their end.
pub(super) async fn copy_all(
    what: String,
    mut from: impl AsyncRead + Unpin,
    to: &mpsc::Sender<Chunk>,
) -> bool {
    loop {
        let mut buffer = BytesMut::with_capacity(PORTION);
        match from.read_buf(&mut buffer).await {
            Ok(0) => return true,
            Ok(_) => {
                if !send(to, Ok(buffer.freeze())).await {
                    return false;
                }
            }
            Err(source) => {
                send(to, Err(SourceError::Read { what, source })).await;
                return false;
            }
        }
    }
}

/// Sends the bytes of the file.
pub(super) async fn copy(what: String, file: File, to: mpsc::Sender<Chunk>) {
    copy_all(what, file, &to).await;
}

const PORTION: usize = 256 << 10;
