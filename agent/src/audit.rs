//! The audit log: one JSON line per decision, written before the reply leaves.

use std::{
    fs::{DirBuilder, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};

use keystay_proto::control::Record;
use rustix::fs::OFlags;

/// An open audit log. Several agents may append to one file.
#[derive(Debug)]
pub(crate) struct Audit {
    path: PathBuf,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    file: File,
    /// Whether the file ends in the middle of a line: of a crash, or of a full disk.
    torn: bool,
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
        let failed = |source| AuditError::Open {
            path: path.to_owned(),
            source,
        };
        if let Some(folder) = path.parent() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)
                .map_err(failed)?;
        }
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .mode(0o600)
            .custom_flags(OFlags::NOFOLLOW.bits().cast_signed())
            .open(path)
            .map_err(failed)?;
        let torn = ends_torn(&mut file).map_err(failed)?;
        Ok(Self {
            path: path.to_owned(),
            state: Mutex::new(State { file, torn }),
        })
    }

    /// Appends one record. On return it is with the kernel, and outlives a crash of this process.
    pub(crate) fn append(&self, record: &Record) -> Result<(), AuditError> {
        let failed = |source| AuditError::Write {
            path: self.path.clone(),
            source,
        };
        let line = serde_json::to_vec(record).map_err(|error| failed(error.into()))?;
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let outcome = state.write(line);
        outcome.map_err(failed)
    }
}

#[cfg(test)]
impl Audit {
    /// A log on a disk that is full.
    pub(crate) fn full() -> Self {
        let path = PathBuf::from("/dev/full");
        let file = OpenOptions::new().append(true).open(&path).unwrap();
        Self {
            path,
            state: Mutex::new(State { file, torn: false }),
        }
    }
}

impl State {
    fn write(&mut self, mut line: Vec<u8>) -> io::Result<()> {
        if self.torn {
            line.insert(0, b'\n');
        }
        line.push(b'\n');
        // One write, so that lines of several agents do not mix.
        self.torn = true;
        let written = self.file.write(&line)?;
        if written < line.len() {
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.torn = false;
        Ok(())
    }
}

fn ends_torn(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != [b'\n'])
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use keystay_proto::control::{Event, GrantId, Mode};

    use super::*;

    fn record() -> Record {
        Record {
            time: "2026-01-01T00:00:00.000Z".to_owned(),
            grant: GrantId::from_random([7; 8]),
            build: "b".to_owned(),
            mode: Mode::Sign,
            event: Event::Opened,
            intent: None,
            key: None,
            user: None,
            host: None,
            repository: None,
            commits: Vec::new(),
            reason: None,
            detail: None,
        }
    }

    fn lines(path: &Path) -> Vec<String> {
        std::fs::read_to_string(path)
            .unwrap()
            .lines()
            .map(ToOwned::to_owned)
            .collect()
    }

    #[test]
    fn records_are_lines_that_read_back_and_the_file_is_private() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/audit.jsonl");
        let audit = Audit::open(&path).unwrap();
        audit.append(&record()).unwrap();
        audit.append(&record()).unwrap();
        let lines = lines(&path);
        assert_eq!(lines.len(), 2);
        assert_eq!(serde_json::from_str::<Record>(&lines[0]).unwrap(), record());
        assert_eq!(
            std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let above = std::fs::metadata(path.parent().unwrap()).unwrap();
        assert_eq!(above.permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_line_torn_by_a_crash_does_not_swallow_the_next_record() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        std::fs::write(&path, "{\"time\":\"20").unwrap();
        Audit::open(&path).unwrap().append(&record()).unwrap();
        let lines = lines(&path);
        assert_eq!(lines.len(), 2);
        assert_eq!(serde_json::from_str::<Record>(&lines[1]).unwrap(), record());
    }

    #[test]
    fn a_symbolic_link_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("audit.jsonl");
        std::os::unix::fs::symlink(folder.path().join("elsewhere"), &path).unwrap();
        assert!(matches!(Audit::open(&path), Err(AuditError::Open { .. })));
    }

    #[test]
    fn a_full_disk_is_an_error() {
        let audit = Audit::full();
        let error = audit.append(&record()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "cannot write the audit log /dev/full: No space left on device (os error 28)"
        );
    }
}
