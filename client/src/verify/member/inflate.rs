//! A compressed layer, inflated beside the reading of the saved image.

use std::{
    io::{self, BufRead, Cursor, Read},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread::{self, JoinHandle},
};

use bytes::Bytes;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use super::layer::Layer;
use crate::verify::{
    buffer::Buffer,
    decode::{self, layer},
    inventory::Inflated,
    paths::Paths,
    tape::Tape,
    walk::CHUNKS_WAITING,
};

/// The thread that inflates a layer.
pub(super) struct Inflate {
    chunks: SyncSender<Vec<u8>>,
    thread: JoinHandle<Inflated>,
}

impl Inflate {
    pub(super) fn start(how: decode::Layer, files: Layer, search: mpsc::Sender<Bytes>) -> Self {
        let (chunks, receiver) = sync_channel(CHUNKS_WAITING);
        let thread = thread::spawn(move || inflate(&how, Chunks::new(receiver), files, &search));
        Self { chunks, thread }
    }

    /// Gives on the next bytes of the layer. What cannot be inflated is not waited for.
    pub(super) fn push(&self, bytes: &[u8]) {
        drop(self.chunks.send(bytes.to_owned()));
    }

    /// What the layer inflated to.
    pub(super) fn finish(self) -> Inflated {
        drop(self.chunks);
        self.thread.join().unwrap_or_else(|_| Inflated {
            digest: Sha256::new().into(),
            bytes: 0,
            whole: false,
            is_broken: true,
            paths: Paths::with_room(0),
        })
    }
}

fn inflate(
    how: &decode::Layer,
    mut chunks: Chunks,
    mut files: Layer,
    search: &mpsc::Sender<Bytes>,
) -> Inflated {
    let (mut hash, mut tape, mut bytes) = (Sha256::new(), Tape::new(), 0);
    let mut decoder = layer(how, &mut chunks);
    let result = loop {
        let mut buffer = Buffer::new();
        let read = buffer.read(&mut decoder);
        let is_end = !buffer.is_full();
        hash.update(&buffer);
        tape.push(buffer.as_ref(), &mut files);
        bytes += u64::try_from(buffer.as_ref().len()).unwrap_or(0);
        if !buffer.as_ref().is_empty() && search.blocking_send(buffer.freeze()).is_err() {
            break Err(io::ErrorKind::BrokenPipe.into());
        }
        if is_end || read.is_err() {
            break read;
        }
    };
    drop(decoder);
    let is_all = result.is_ok() && chunks.fill_buf().is_ok_and(<[u8]>::is_empty);
    Inflated {
        digest: hash.into(),
        bytes,
        whole: is_all,
        is_broken: tape.is_broken(),
        paths: files.paths,
    }
}

/// The bytes of the layer as they come.
struct Chunks {
    receiver: Receiver<Vec<u8>>,
    present: Cursor<Vec<u8>>,
}

impl Chunks {
    fn new(receiver: Receiver<Vec<u8>>) -> Self {
        Self {
            receiver,
            present: Cursor::default(),
        }
    }
}

impl Read for Chunks {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(to)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Chunks {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.present.fill_buf()?.is_empty() {
            match self.receiver.recv() {
                Ok(chunk) => self.present = Cursor::new(chunk),
                Err(_) => break,
            }
        }
        self.present.fill_buf()
    }

    fn consume(&mut self, count: usize) {
        self.present.consume(count);
    }
}
