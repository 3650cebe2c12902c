//! Records on their way, and the file that they go to.

use std::{
    io,
    sync::{Mutex, MutexGuard, PoisonError, TryLockError},
};

use tokio::sync::oneshot;

use super::file::LogFile;

/// A line to be written, and who waits for it.
#[derive(Debug)]
pub(super) struct Entry {
    /// A record with its line feed.
    pub(super) line: Vec<u8>,
    /// Who waits.
    pub(super) done: oneshot::Sender<io::Result<()>>,
}

/// What waits is written in the order in which it came, as much as waits in one go, by whoever holds the
/// file.
#[derive(Debug)]
pub(super) struct Waiting {
    entries: Mutex<Vec<Entry>>,
    file: Mutex<LogFile>,
}

impl Waiting {
    pub(super) fn new(file: LogFile) -> Self {
        Self {
            entries: Mutex::default(),
            file: Mutex::new(file),
        }
    }

    pub(super) fn push(&self, entry: Entry) {
        self.entries().push(entry);
    }

    /// Writes what waits, however long that takes, and says how many records that were.
    pub(super) fn write(&self) -> usize {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let mut written: usize = 0;
        loop {
            let batch = self.take();
            if batch.is_empty() {
                return written;
            }
            written = written.saturating_add(batch.len());
            let outcome = file.append(&lines(&batch));
            tell(batch, &outcome);
        }
    }

    /// Writes what waits, unless others hold the file or the file is due to be put aside.
    pub(super) fn write_at_once(&self) {
        let mut file = match self.file.try_lock() {
            Ok(file) => file,
            Err(TryLockError::Poisoned(held)) => held.into_inner(),
            Err(TryLockError::WouldBlock) => return,
        };
        let batch = self.take();
        if batch.is_empty() {
            return;
        }
        match file.append_at_once(&lines(&batch)) {
            Ok(true) => tell(batch, &Ok(())),
            // Those that came meanwhile stay behind them.
            Ok(false) => drop(self.entries().splice(..0, batch)),
            Err(error) => tell(batch, &Err(error)),
        }
    }

    fn take(&self) -> Vec<Entry> {
        let mut entries = self.entries();
        let most = entries.len().min(MAX_BATCH);
        entries.drain(..most).collect()
    }

    fn entries(&self) -> MutexGuard<'_, Vec<Entry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn lines(batch: &[Entry]) -> Vec<u8> {
    let lines: Vec<_> = batch.iter().map(|entry| &entry.line[..]).collect();
    lines.concat()
}

/// Tells those who wait; some may wait no more.
fn tell(batch: Vec<Entry>, outcome: &io::Result<()>) {
    for entry in batch {
        let _ = entry.done.send(copy(outcome));
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
const MAX_BATCH: usize = 256;

#[cfg(test)]
mod tests {
    use std::{
        fs::{self, File},
        path::{Path, PathBuf},
    };

    use tempfile::TempDir;

    use super::*;

    type Outcome = oneshot::Receiver<io::Result<()>>;

    fn log(limit: u64) -> (TempDir, PathBuf, Waiting) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        let file = LogFile::open(&path).unwrap().limited_to(limit);
        (folder, path, Waiting::new(file))
    }

    fn push(waiting: &Waiting, line: &str) -> Outcome {
        let (done, outcome) = oneshot::channel();
        let line = format!("{line}\n").into_bytes();
        waiting.push(Entry { line, done });
        outcome
    }

    fn is_written(mut outcome: Outcome) -> bool {
        matches!(outcome.try_recv(), Ok(Ok(())))
    }

    #[test]
    fn what_waits_is_written_in_order_and_told() {
        let (_folder, path, waiting) = log(1_000);
        let told: Vec<_> = ["a", "b", "c"].map(|line| push(&waiting, line)).into();
        waiting.write_at_once();
        assert_eq!(fs::read_to_string(&path).unwrap(), "a\nb\nc\n");
        assert!(told.into_iter().all(is_written));
        assert_eq!(waiting.entries().len(), 0);
    }

    /// What cannot be written at once keeps its place before what comes later.
    fn left_for_later(waiting: &Waiting, now_possible: impl FnOnce()) {
        let first = push(waiting, "first");
        waiting.write_at_once();
        assert_eq!(waiting.entries().len(), 1);
        let second = push(waiting, "second");
        now_possible();
        assert_eq!(waiting.write(), 2);
        assert!(is_written(first) && is_written(second));
    }

    #[test]
    fn a_file_that_another_agent_holds_is_left_to_who_can_wait() {
        let (_folder, path, waiting) = log(1_000);
        let held = File::open(&path).unwrap();
        held.lock().unwrap();
        left_for_later(&waiting, || drop(held));
        assert_eq!(fs::read_to_string(&path).unwrap(), "first\nsecond\n");
    }

    #[test]
    fn a_file_that_is_full_is_left_to_who_can_put_it_aside() {
        let (_folder, path, waiting) = log(20);
        let before = push(&waiting, "eighteen characters");
        waiting.write_at_once();
        assert!(is_written(before));
        left_for_later(&waiting, || ());
        assert_eq!(fs::read_to_string(&path).unwrap(), "first\nsecond\n");
    }

    #[test]
    fn a_file_that_was_moved_away_is_left_to_who_can_make_another() {
        let (_folder, path, waiting) = log(1_000);
        fs::rename(&path, path.with_extension("old")).unwrap();
        left_for_later(&waiting, || ());
        assert_eq!(fs::read_to_string(&path).unwrap(), "first\nsecond\n");
    }

    #[test]
    fn an_error_is_told_to_all() {
        let waiting = Waiting::new(LogFile::odd(Path::new("/dev/full")).unwrap());
        let told = ["a", "b"].map(|line| push(&waiting, line));
        waiting.write_at_once();
        for mut outcome in told {
            let error = outcome.try_recv().unwrap().unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        }
    }

    #[test]
    fn more_than_one_write_takes_is_written_by_several() {
        let (_folder, path, waiting) = log(1 << 20);
        let told: Vec<_> = (0..1_000).map(|n| push(&waiting, &n.to_string())).collect();
        assert_eq!(waiting.write(), 1_000);
        assert!(told.into_iter().all(is_written));
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.lines().eq((0..1_000).map(|n| n.to_string())));
    }
}
