//! What holds for any bytes as a file of an image.

use std::{io::Read as _, panic::resume_unwind, sync::Arc, thread};

use flate2::{Compression, read::GzEncoder};
use memchr::memmem;
use tokio::sync::mpsc;

use super::{
    Label, Limits, NotRead,
    finder::Finder,
    lookalikes::Lookalikes,
    memory::Room,
    tally::Tally,
    worker::{Shared, Worker},
};
use crate::verify::walk::Opened;

/// Whatever a file holds, all of it is given to the search when it is compressed, and to look through it as it is
/// comes to an end.
///
/// # Panics
///
/// Where that does not hold.
#[must_use]
pub fn file(bytes: &[u8]) -> bool {
    let (searched, _) = look(&gzip(bytes));
    let holds = |stream: &Vec<u8>| memmem::find(stream, bytes).is_some();
    assert!(searched.iter().any(holds));
    let (searched, not_read) = look(bytes);
    !searched.is_empty() || !not_read.is_empty()
}

/// What is given to the search of what is inside of a file, and what was not read of it.
fn look(file: &[u8]) -> (Vec<Vec<u8>>, Vec<NotRead>) {
    let (open, opened) = mpsc::unbounded_channel();
    let shared = Shared {
        finder: Finder::new(),
        limits: LIMITS,
        decoded: Tally::default(),
        lookalikes: Lookalikes::default(),
        windows: Room::new(usize::MAX),
        searches: open,
    };
    let label = Label {
        member: 0,
        path: b"file".as_slice().into(),
    };
    thread::scope(|scope| {
        let taking = scope.spawn(|| take_all(opened));
        let worker = Worker::new(Arc::new(shared));
        let not_read = worker.file(label, Arc::default(), file);
        worker.flush();
        drop(worker);
        let searched = taking.join().unwrap_or_else(|panic| resume_unwind(panic));
        (searched, not_read)
    })
}

/// What comes over all channels that are opened, until no more are.
fn take_all(mut opened: mpsc::UnboundedReceiver<Opened>) -> Vec<Vec<u8>> {
    thread::scope(|scope| {
        let mut taking = Vec::new();
        while let Some((_, mut bytes)) = opened.blocking_recv() {
            taking.push(scope.spawn(move || {
                let mut all = Vec::new();
                while let Some(part) = bytes.blocking_recv() {
                    all.extend_from_slice(&part);
                }
                all
            }));
        }
        let taken = taking.into_iter().map(thread::ScopedJoinHandle::join);
        taken
            .map(|all| all.unwrap_or_else(|panic| resume_unwind(panic)))
            .collect()
    })
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut packed = Vec::new();
    let read = GzEncoder::new(bytes, Compression::fast()).read_to_end(&mut packed);
    assert!(read.is_ok());
    packed
}

/// So little that many inputs are tried in a second.
pub(in crate::verify) const LIMITS: Limits = Limits {
    looks_inside: true,
    depth: 6,
    per_member: 4 << 20,
    in_all: 4 << 20,
    bomb: 1 << 20,
    ratio: 250,
    lookalikes: 1 << 20,
    memory: 12 << 20,
};
