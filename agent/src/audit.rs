//! The audit log: one JSON line per decision, with the kernel before the reply leaves.
//!
//! A thread of its own writes, so that a disk that hangs stops signatures and nothing else; so do threads
//! that serve several connections and nothing else, which wakes nobody. Whoever decides hands the record over
//! while it holds the lock that the decision was made under, which keeps the order, and waits for
//! [`Written`] without it.

mod file;
mod waiting;
mod writer;

use std::{
    cell::OnceCell,
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use keystay_proto::control::Record;
use tokio::{
    sync::oneshot::{self, error::TryRecvError},
    task::yield_now,
    time::timeout,
};

use self::{
    file::LogFile,
    waiting::{Entry, Waiting},
};

/// An open audit log. Several agents may append to one file.
#[derive(Debug)]
pub(crate) struct Audit {
    log: Arc<Log>,
    /// How long a disk may take for one record; nothing where time stands still.
    patience: Option<Duration>,
}

#[derive(Debug)]
struct Log {
    path: PathBuf,
    waiting: Arc<Waiting>,
    /// Wakes the thread that writes.
    bell: mpsc::Sender<()>,
}

/// Has those who share the calling thread, this many at a time, write their records themselves, and so wait
/// for the disk; one who has it alone goes on while another thread writes.
pub(crate) fn write_where_shared(sharers: Arc<AtomicUsize>) {
    // A thread serves one number of connections for as long as it lasts.
    SHARERS.with(|known| drop(known.set(sharers)));
}

/// Why a record is not in the log.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AuditError {
    #[error("cannot open the audit log {}: {source}", path.display())]
    Open { path: PathBuf, source: io::Error },
    #[error("cannot write the audit log {}: {source}", path.display())]
    Write { path: PathBuf, source: io::Error },
}

impl Audit {
    /// Opens the log for appending; the file and its folders are made, private to the user, where
    /// they are missing.
    pub(crate) fn open(path: &Path) -> Result<Self, AuditError> {
        let opened = LogFile::open(path).and_then(|file| Self::start(path, file));
        opened.map_err(|source| AuditError::Open {
            path: path.to_owned(),
            source,
        })
    }

    fn start(path: &Path, file: LogFile) -> io::Result<Self> {
        let waiting = Arc::new(Waiting::new(file));
        let log = Log {
            path: path.to_owned(),
            bell: writer::start(path, Arc::clone(&waiting))?,
            waiting,
        };
        Ok(Self {
            log: Arc::new(log),
            patience: Some(PATIENCE),
        })
    }

    /// Hands a record over. Records are written in the order in which they are handed over.
    pub(crate) fn submit(&self, record: &Record) -> Written {
        let (done, outcome) = oneshot::channel();
        let mut bytes = 0;
        // Serialising a plain struct to memory does not fail; that it is not written is told by `done`.
        if let Ok(mut line) = serde_json::to_vec(record) {
            line.push(b'\n');
            bytes = line.len();
            self.log.waiting.push(Entry { line, done });
        }
        let mut written = Written {
            log: Arc::clone(&self.log),
            bytes,
            outcome,
            has_rung: false,
            patience: self.patience,
        };
        if !writes_here() {
            written.ring();
        }
        written
    }
}

/// A record on its way. It is written even if nobody waits for it.
#[derive(Debug)]
#[must_use = "nothing may leave before the record is written"]
pub(crate) struct Written {
    log: Arc<Log>,
    bytes: usize,
    outcome: oneshot::Receiver<io::Result<()>>,
    /// Whether the thread that writes knows of it.
    has_rung: bool,
    patience: Option<Duration>,
}

impl Written {
    /// How long the record is in the log.
    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns when the record is with the kernel, and outlives a crash of this process.
    pub(crate) async fn done(mut self) -> Result<(), AuditError> {
        let outcome = match self.outcome_soon().await {
            Some(outcome) => outcome,
            None => self.outcome_in_time().await,
        };
        outcome.map_err(|source| AuditError::Write {
            path: self.log.path.clone(),
            source,
        })
    }

    /// Looks a few times, and lets others go on in between: to sleep until the writer is done, and
    /// to be woken, takes longer than it takes to write.
    async fn outcome_soon(&mut self) -> Option<io::Result<()>> {
        for look in 0..LOOKS {
            // Others have handed over their records since the first look.
            if look > 0 && !self.has_rung {
                self.log.waiting.write_at_once();
            }
            match self.outcome.try_recv() {
                Ok(outcome) => return Some(outcome),
                Err(TryRecvError::Closed) => return Some(Err(writer_ended())),
                Err(TryRecvError::Empty) => yield_now().await,
            }
        }
        None
    }

    fn ring(&mut self) {
        self.has_rung = true;
        // A writer that is gone is told of by the outcome.
        let _ = self.log.bell.send(());
    }

    async fn outcome_in_time(&mut self) -> io::Result<()> {
        if !self.has_rung {
            self.ring();
        }
        let outcome = &mut self.outcome;
        let outcome = match self.patience {
            Some(patience) => timeout(patience, outcome).await?,
            None => outcome.await,
        };
        outcome.unwrap_or_else(|_| Err(writer_ended()))
    }
}

impl Drop for Written {
    fn drop(&mut self) {
        if !self.has_rung && !self.outcome.is_terminated() {
            self.ring();
        }
    }
}

thread_local! {
    /// How many share this thread, where they may write.
    static SHARERS: OnceCell<Arc<AtomicUsize>> = const { OnceCell::new() };
}

fn writes_here() -> bool {
    SHARERS.with(|known| {
        let sharers = known.get();
        sharers.is_some_and(|sharers| sharers.load(Ordering::Relaxed) > 1)
    })
}

fn writer_ended() -> io::Error {
    io::Error::other("its writer has ended")
}

/// How long a disk may take for one record.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a record is looked for before it is slept for: some 40 µs where nothing else is to be
/// done.
const LOOKS: u32 = 40;

#[cfg(test)]
impl Audit {
    /// A log on a disk that is full.
    pub(crate) fn full() -> Self {
        Self::odd(Path::new("/dev/full"))
    }

    /// A log that is no regular file.
    pub(crate) fn odd(path: &Path) -> Self {
        Self::start(path, LogFile::odd(path).unwrap()).unwrap()
    }

    /// A log that is waited for however long it takes, for tests whose clock stands still.
    pub(crate) fn patient(path: &Path) -> Self {
        Self {
            patience: None,
            ..Self::open(path).unwrap()
        }
    }

    /// A log that is rotated at this size.
    pub(crate) fn rotated_at(path: &Path, limit: u64) -> Self {
        let file = LogFile::open(path).unwrap().limited_to(limit);
        Self::start(path, file).unwrap()
    }
}

#[cfg(test)]
mod tests;
