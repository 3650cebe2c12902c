//! The threads that look through files, and the way of the files to them.

use std::{
    io::{self, Read},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, SyncSender, channel, sync_channel},
    },
    thread::{self, JoinHandle},
};

use tokio::sync::mpsc;

use super::{
    Label, Limits, NotRead,
    finder::Finder,
    known::is_known,
    memory::{Loan, Room},
    quine::closes,
    tally::Tally,
    unread::Unread,
    worker::{Shared, Worker},
};
use crate::verify::{
    tape::{Entry, Sink},
    walk::Opened,
};

/// The threads of one verification.
pub(in crate::verify) struct Pool {
    jobs: SyncSender<Vec<File>>,
    threads: Vec<JoinHandle<()>>,
    not_read: Arc<Mutex<Vec<NotRead>>>,
    room: Arc<Room>,
    looks_inside: bool,
}

/// A file on its way.
struct File {
    label: Label,
    tally: Arc<Tally>,
    content: Content,
}

enum Content {
    Whole(Vec<u8>, Option<Loan>),
    InParts(Parts),
}

/// A file that is looked through while it is read.
struct Parts {
    receiver: Receiver<(Vec<u8>, Loan)>,
    present: Option<(io::Cursor<Vec<u8>>, Loan)>,
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
        Feed {
            member,
            tally: Arc::default(),
            jobs: self.jobs.clone(),
            room: Arc::clone(&self.room),
            looks_inside: self.looks_inside,
            batch: Vec::new(),
            batch_size: 0,
            present: Present::None,
        }
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

fn work(shared: &Arc<Shared>, jobs: &Mutex<Receiver<Vec<File>>>, told: &Mutex<Vec<NotRead>>) {
    let worker = Worker::new(Arc::clone(shared));
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(files) = job else {
            break;
        };
        for file in files {
            let not_read = file.look(&worker, shared);
            let mut told = told.lock().unwrap_or_else(PoisonError::into_inner);
            let room = MOST_TOLD.saturating_sub(told.len());
            told.extend(not_read.into_iter().take(room));
        }
    }
    worker.flush();
}

impl File {
    fn look(self, worker: &Worker, shared: &Shared) -> Vec<NotRead> {
        match self.content {
            Content::Whole(bytes, _loan) => {
                let mut not_read = worker.file(self.label, self.tally, &mut bytes.as_slice());
                let is_deep = |part: &NotRead| matches!(part.why, Unread::TooDeep(_));
                if not_read.iter().any(is_deep)
                    && closes(&shared.finder, &bytes, shared.limits.depth)
                {
                    not_read.retain(|part| !is_deep(part));
                }
                if !not_read.is_empty() && is_known(&bytes) {
                    not_read.clear();
                }
                not_read
            }
            Content::InParts(mut parts) => worker.file(self.label, self.tally, &mut parts),
        }
    }
}

impl Read for Parts {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some((part, _)) = &mut self.present {
                let count = part.read(to)?;
                if count > 0 || to.is_empty() {
                    return Ok(count);
                }
            }
            self.present = None;
            match self.receiver.recv() {
                Ok((part, loan)) => self.present = Some((io::Cursor::new(part), loan)),
                Err(_) => return Ok(0),
            }
        }
    }
}

/// The files of one member, as they pass.
pub(in crate::verify) struct Feed {
    member: usize,
    tally: Arc<Tally>,
    jobs: SyncSender<Vec<File>>,
    room: Arc<Room>,
    looks_inside: bool,
    batch: Vec<File>,
    batch_size: usize,
    present: Present,
}

/// The file that passes.
enum Present {
    None,
    Whole(Label, Vec<u8>, Option<Loan>),
    InParts(Sender<(Vec<u8>, Loan)>, Vec<u8>),
}

impl Feed {
    /// How much of what passes here is decoded, as it is decoded.
    pub(in crate::verify) fn tally(&self) -> Arc<Tally> {
        Arc::clone(&self.tally)
    }

    fn take(&mut self, size: usize) -> Loan {
        if let Some(loan) = self.room.try_take(size) {
            return loan;
        }
        self.send();
        self.room.take(size)
    }

    fn add(&mut self, label: Label, content: Content) {
        let tally = Arc::clone(&self.tally);
        self.batch.push(File {
            label,
            tally,
            content,
        });
    }

    fn send(&mut self) {
        self.batch_size = 0;
        if !self.batch.is_empty() {
            // Where no thread takes it up, the verification has failed.
            drop(self.jobs.send(std::mem::take(&mut self.batch)));
        }
    }

    /// Ends the file that passes, if one does.
    pub(in crate::verify) fn close(&mut self) {
        match std::mem::replace(&mut self.present, Present::None) {
            Present::None => {}
            Present::Whole(label, bytes, loan) => {
                self.batch_size += bytes.len();
                self.add(label, Content::Whole(bytes, loan));
                if self.batch_size >= BATCH || self.batch.len() >= FILES_IN_BATCH {
                    self.send();
                }
            }
            Present::InParts(parts, rest) => {
                let loan = self.take(rest.len());
                drop(parts.send((rest, loan)));
            }
        }
    }
}

impl Sink for Feed {
    fn entry(&mut self, entry: Entry) {
        let label = Label {
            member: self.member,
            path: entry.name.into(),
        };
        self.begin(label, usize::try_from(entry.size).unwrap_or(usize::MAX));
    }

    fn data(&mut self, bytes: &[u8]) {
        self.push(bytes);
    }

    fn end(&mut self) {
        self.close();
    }
}

impl Feed {
    /// Begins a file of this length.
    pub(in crate::verify) fn begin(&mut self, label: Label, size: usize) {
        self.close();
        if size < SHORTEST || !self.looks_inside {
            return;
        }
        if size <= LONGEST_WHOLE {
            let loan = self.take(size);
            self.present = Present::Whole(label, Vec::with_capacity(size), Some(loan));
            return;
        }
        let (sender, receiver) = channel();
        let parts = Parts {
            receiver,
            present: None,
        };
        self.add(label, Content::InParts(parts));
        self.send();
        self.present = Present::InParts(sender, Vec::with_capacity(PART));
    }

    /// Passes on the next bytes of the file.
    pub(in crate::verify) fn push(&mut self, bytes: &[u8]) {
        match &mut self.present {
            Present::None => {}
            Present::Whole(_, content, _) => content.extend_from_slice(bytes),
            Present::InParts(_, part) => {
                part.extend_from_slice(bytes);
                if part.len() >= PART {
                    let full = std::mem::replace(part, Vec::with_capacity(PART));
                    let loan = self.take(full.len());
                    if let Present::InParts(parts, _) = &self.present {
                        drop(parts.send((full, loan)));
                    }
                }
            }
        }
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.close();
        self.send();
    }
}

/// Fewer bytes hold no compressed key.
const SHORTEST: usize = 16;
/// A file up to this long is read whole before it is looked through.
const LONGEST_WHOLE: usize = 1 << 20;
const PART: usize = 256 << 10;
const BATCH: usize = 512 << 10;
const FILES_IN_BATCH: usize = 256;
const JOBS_WAITING: usize = 4;
/// All files on their way to the threads, in bytes.
const ROOM_FOR_FILES: usize = 6 << 20;
const MOST_THREADS: usize = 4;
const NESTS_THAT_KEEP_MUCH: usize = 2;
const MOST_TOLD: usize = 1_000;
