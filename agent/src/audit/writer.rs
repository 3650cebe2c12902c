//! The thread that writes.

use std::{
    io,
    path::Path,
    sync::{
        Arc,
        mpsc::{self, Receiver, Sender, TryRecvError},
    },
    thread,
    time::{Duration, Instant},
};

use super::waiting::Waiting;
use crate::harden::{Reach, confine_thread};

/// Starts the thread, which writes what waits when the bell is rung; it ends when nobody can ring any
/// more and everything is written.
pub(super) fn start(path: &Path, waiting: Arc<Waiting>) -> io::Result<Sender<()>> {
    let (bell, rings) = mpsc::channel();
    let reach = Reach::of_audit(path);
    thread::Builder::new()
        .name("audit".to_owned())
        .spawn(move || {
            confine_thread(&reach);
            run(&waiting, &rings);
        })?;
    Ok(bell)
}

fn run(waiting: &Waiting, rings: &Receiver<()>) {
    let (mut is_calm, mut ended) = (true, Instant::now());
    while next(rings, is_calm).is_some() {
        let came_soon = ended.elapsed() < SOON;
        // What they were rung for waits already.
        rings.try_iter().for_each(drop);
        let written = waiting.write();
        is_calm = written <= 1 && !came_soon;
        ended = Instant::now();
    }
}

/// The next ring; nothing when there can be none. Where it is calm, this looks for a moment before it
/// sleeps: to be woken takes longer than to write, and who asked once often asks again. Where it is not,
/// more comes to be written at once while it wakes.
fn next(rings: &Receiver<()>, is_calm: bool) -> Option<()> {
    let began = Instant::now();
    while is_calm && began.elapsed() < MOMENT {
        match rings.try_recv() {
            Err(TryRecvError::Empty) => thread::yield_now(),
            found => return found.ok(),
        }
    }
    rings.recv().ok()
}

/// The longest time without anything to write in which the thread does not sleep.
const MOMENT: Duration = Duration::from_micros(100);
/// One connection does not ask again in so short a time.
const SOON: Duration = Duration::from_micros(5);
