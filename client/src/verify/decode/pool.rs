//! The threads that look through files.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
};

use tokio::sync::mpsc;

use super::{
    Limits, NotRead,
    feed::Feed,
    file::Job,
    finder::Finder,
    lookalikes::Lookalikes,
    memory::Room,
    tally::Tally,
    worker::{Shared, Worker},
};
use crate::verify::walk::Opened;

/// The threads of one verification.
pub(in crate::verify) struct Pool {
    jobs: SyncSender<Job>,
    threads: Vec<JoinHandle<()>>,
    not_read: Arc<Mutex<Vec<NotRead>>>,
    room: Arc<Room>,
    looks_inside: bool,
}

impl Pool {
    /// A thread for each processor, at most 4.
    pub(in crate::verify) fn start(
        limits: Limits,
        searches: &mpsc::UnboundedSender<Opened>,
    ) -> Self {
        let memory = usize::try_from(limits.memory).unwrap_or(usize::MAX);
        let shared = Arc::new(Shared {
            finder: Finder::new(),
            limits,
            decoded: Tally::default(),
            lookalikes: Lookalikes::default(),
            windows: Room::new(memory.saturating_mul(NESTS_THAT_KEEP_MUCH)),
            searches: searches.clone(),
        });
        let not_read = Arc::default();
        let (jobs, receiver) = sync_channel(JOBS_WAITING);
        let receiver = Arc::new(Mutex::new(receiver));
        let count = thread::available_parallelism().map_or(1, usize::from);
        let threads = (0..count.min(MOST_THREADS)).map(|_| {
            let worker = Arc::clone(&shared);
            let (jobs, not_read) = (Arc::clone(&receiver), Arc::clone(&not_read));
            thread::spawn(move || work(&worker, &jobs, &not_read))
        });
        Self {
            threads: threads.collect(),
            jobs,
            not_read,
            room: Room::new(ROOM_FOR_FILES),
            looks_inside: limits.looks_inside,
        }
    }

    /// The way for the files of one member of the saved image.
    pub(in crate::verify) fn feed(&self, member: usize) -> Feed {
        let (jobs, room) = (self.jobs.clone(), Arc::clone(&self.room));
        Feed::new(member, jobs, room, self.looks_inside)
    }

    /// Waits until all files are done; what was not read of them. Every [`Feed`] must be gone.
    pub(in crate::verify) fn finish(self) -> Vec<NotRead> {
        drop(self.jobs);
        for thread in self.threads {
            // A thread that panicked has told so.
            drop(thread.join());
        }
        let mut not_read = self.not_read.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *not_read)
    }
}

fn work(shared: &Arc<Shared>, jobs: &Mutex<Receiver<Job>>, told: &Mutex<Vec<NotRead>>) {
    let worker = Worker::new(Arc::clone(shared));
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else {
            break;
        };
        job.look(&worker, shared, |not_read| {
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            let room = MOST_TOLD.saturating_sub(told.len());
            told.extend(not_read.into_iter().take(room));
        });
    }
    worker.flush();
}

/// Each up to a buffer, besides the parts of long files.
const JOBS_WAITING: usize = 4;
/// The parts of long files on their way to the threads, in bytes.
const ROOM_FOR_FILES: usize = 3 << 20;
const MOST_THREADS: usize = 4;
const NESTS_THAT_KEEP_MUCH: usize = 2;
const MOST_TOLD: usize = 1_000;
