//! The thread that writes.

use std::{
    io, iter,
    sync::mpsc::{self, Receiver, Sender, TryRecvError},
    thread,
    time::{Duration, Instant},
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
    let (mut is_calm, mut ended) = (true, Instant::now());
    while let Some(first) = next(entries, is_calm) {
        let came_soon = ended.elapsed() < SOON;
        let more = entries.try_iter().take(MAX_BATCH);
        let batch: Vec<Entry> = iter::once(first).chain(more).collect();
        let lines: Vec<u8> = batch
            .iter()
            .flat_map(|entry| &entry.line)
            .copied()
            .collect();
        let outcome = file.append(&lines);
        is_calm = batch.len() == 1 && !came_soon;
        for entry in batch {
            // Nobody may wait any more.
            let _ = entry.done.send(copy(&outcome));
        }
        ended = Instant::now();
    }
}

/// The next entry; nothing when there can be none. Where it is calm, this looks for a moment before it
/// sleeps: to be woken takes longer than to write, and who asked once often asks again. Where it is not,
/// more comes to be written at once while it wakes.
fn next(entries: &Receiver<Entry>, is_calm: bool) -> Option<Entry> {
    let began = Instant::now();
    while is_calm && began.elapsed() < MOMENT {
        match entries.try_recv() {
            Err(TryRecvError::Empty) => thread::yield_now(),
            found => return found.ok(),
        }
    }
    entries.recv().ok()
}

fn copy(outcome: &io::Result<()>) -> io::Result<()> {
    outcome.as_ref().copied().map_err(|error| {
        error
            .raw_os_error()
            .map_or_else(|| error.kind().into(), io::Error::from_raw_os_error)
    })
}

/// The longest time without anything to write in which the thread does not sleep.
const MOMENT: Duration = Duration::from_micros(100);
/// One connection does not ask again in so short a time.
const SOON: Duration = Duration::from_micros(5);
/// Records that are written at once.
const MAX_BATCH: usize = 255;
