//! The thread that writes.

use std::{
    io, iter,
    sync::mpsc::{self, Receiver, Sender},
    thread,
};

use tokio::sync::oneshot;

use super::file::LogFile;
use crate::harden::{Reach, confine_thread};

/// A line to be written, and who waits for it.
#[derive(Debug)]
pub(super) struct Entry {
    /// A record with its line feed.
    pub(super) line: Vec<u8>,
    /// Who waits.
    pub(super) done: oneshot::Sender<io::Result<()>>,
}

/// Starts the thread; it ends when the last sender is gone and everything is written.
pub(super) fn start(file: LogFile) -> io::Result<Sender<Entry>> {
    let (queue, entries) = mpsc::channel();
    thread::Builder::new()
        .name("audit".to_owned())
        .spawn(move || {
            confine_thread(&Reach::of_audit(file.path()));
            run(file, &entries);
        })?;
    Ok(queue)
}

/// Writes whatever waits in one go.
fn run(mut file: LogFile, entries: &Receiver<Entry>) {
    while let Ok(first) = entries.recv() {
        let more = entries.try_iter().take(MAX_BATCH);
        let batch: Vec<Entry> = iter::once(first).chain(more).collect();
        let lines: Vec<u8> = batch
            .iter()
            .flat_map(|entry| &entry.line)
            .copied()
            .collect();
        let outcome = file.append(&lines);
        for entry in batch {
            // Nobody may wait any more.
            let _ = entry.done.send(copy(&outcome));
        }
    }
}

fn copy(outcome: &io::Result<()>) -> io::Result<()> {
    outcome.as_ref().copied().map_err(|error| {
        error
            .raw_os_error()
            .map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
    })
}

/// Records that are written at once.
const MAX_BATCH: usize = 255;
