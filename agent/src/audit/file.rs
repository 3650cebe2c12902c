//! The log's files: appended to under a lock, kept from growing without end.

use std::{
    fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError},
    io::{self, Write as _},
    os::unix::fs::{DirBuilderExt as _, FileExt as _, MetadataExt as _, OpenOptionsExt as _},
    path::{Path, PathBuf},
};

use rustix::fs::OFlags;

/// The log's newest file. Those before it are beside it, `NAME.1` the youngest of them.
///
/// Whoever writes or rotates holds the lock of the file that the path names, so that a file that
/// was put aside is whole, and a reader that finds another file at the path may read the old one to
/// its end and go on with the new one.
#[derive(Debug)]
pub(super) struct LogFile {
    path: PathBuf,
    file: File,
    identity: Identity,
    /// How long the file was when the last line of this process was written.
    ended: Option<u64>,
    limit: u64,
}

/// Its device and inode: of no other file while it is open.
type Identity = (u64, u64);

impl LogFile {
    /// Opens the log; file and folders are made where they are missing.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        if let Some(folder) = path.parent() {
            let mut private = DirBuilder::new();
            private.recursive(true).mode(0o700).create(folder)?;
        }
        let (file, identity) = open(path)?;
        Ok(Self {
            path: path.to_owned(),
            file,
            identity,
            ended: None,
            limit: MAX_SIZE,
        })
    }

    /// Appends whole lines: all of them or none.
    pub(super) fn append(&mut self, lines: &[u8]) -> io::Result<()> {
        let length = self.lock()?;
        let outcome = self.append_locked(lines, length);
        // Closing it would do it too.
        let _ = self.file.unlock();
        outcome
    }

    /// The same where it takes no waiting for others and no new file; says whether it was done.
    pub(super) fn append_at_once(&mut self, lines: &[u8]) -> io::Result<bool> {
        match self.file.try_lock() {
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(error),
            Ok(()) => {}
        }
        let outcome = self.append_here(lines);
        // Closing it would do it too.
        let _ = self.file.unlock();
        outcome
    }

    fn append_here(&mut self, lines: &[u8]) -> io::Result<bool> {
        match self.current_length() {
            Some(length) if !self.is_full(length, lines) => {
                self.append_locked(lines, length).map(|()| true)
            }
            _ => Ok(false),
        }
    }

    fn is_full(&self, length: u64, lines: &[u8]) -> bool {
        let added = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        length > 0 && length.saturating_add(added) > self.limit
    }

    /// Locks the file that the path names now, and says how long it is: another agent may have
    /// rotated it, a person may have moved it away.
    fn lock(&mut self) -> io::Result<u64> {
        for _ in 0..MAX_TRIES {
            self.file.lock()?;
            if let Some(length) = self.current_length() {
                return Ok(length);
            }
            self.open_again()?;
        }
        Err(io::ErrorKind::ResourceBusy.into())
    }

    /// How long the file is, if it is the one that the path names.
    fn current_length(&self) -> Option<u64> {
        let named = fs::symlink_metadata(&self.path).ok()?;
        (identity(&named) == self.identity).then_some(named.len())
    }

    fn open_again(&mut self) -> io::Result<()> {
        (self.file, self.identity) = open(&self.path)?;
        self.ended = None;
        Ok(())
    }

    fn append_locked(&mut self, lines: &[u8], mut length: u64) -> io::Result<()> {
        if self.is_full(length, lines) {
            length = self.rotate()?;
        }
        if self.is_torn(length)? {
            self.write(b"\n", length)?;
            length = length.saturating_add(1);
        }
        self.write(lines, length)?;
        let added = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        self.ended = Some(length.saturating_add(added));
        Ok(())
    }

    /// Writes in one go; what a full disk leaves of it is taken back.
    fn write(&mut self, bytes: &[u8], length: u64) -> io::Result<()> {
        let written = self.file.write(bytes)?;
        if written < bytes.len() {
            self.file.set_len(length)?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    }

    /// Whether the file ends in the middle of a line: of a crash of the machine.
    fn is_torn(&self, length: u64) -> io::Result<bool> {
        let Some(last) = length.checked_sub(1) else {
            return Ok(false);
        };
        if self.ended == Some(length) {
            return Ok(false);
        }
        let mut byte = [0];
        self.file.read_exact_at(&mut byte, last)?;
        Ok(byte != [b'\n'])
    }

    /// Puts the file aside, the oldest goes, and a new one is locked before others see it unlocked;
    /// says how long that is.
    fn rotate(&mut self) -> io::Result<u64> {
        for age in (1..KEPT).rev() {
            match fs::rename(aged(&self.path, age), aged(&self.path, age + 1)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        fs::rename(&self.path, aged(&self.path, 1))?;
        self.open_again()?;
        self.lock()
    }
}

#[cfg(test)]
impl LogFile {
    pub(super) fn limited_to(self, limit: u64) -> Self {
        Self { limit, ..self }
    }

    /// What is no regular file: a disk that is full, or hangs.
    pub(super) fn odd(path: &Path) -> io::Result<Self> {
        let file = OpenOptions::new().read(true).append(true).open(path)?;
        Ok(Self {
            path: path.to_owned(),
            identity: identity(&file.metadata()?),
            file,
            ended: None,
            limit: MAX_SIZE,
        })
    }
}

/// What is no file, as a pipe, would lose what is written to it.
fn open(path: &Path) -> io::Result<(File, Identity)> {
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .mode(0o600)
        .custom_flags(flags.bits().cast_signed())
        .open(path)?;
    let found = file.metadata()?;
    if found.is_file() {
        Ok((file, identity(&found)))
    } else {
        let told = "it is no regular file";
        Err(io::Error::new(io::ErrorKind::InvalidInput, told))
    }
}

fn identity(found: &Metadata) -> Identity {
    (found.dev(), found.ino())
}

fn aged(path: &Path, age: u32) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{age}"));
    name.into()
}

/// A record is 200 to 400 bytes: tens of thousands of decisions.
const MAX_SIZE: u64 = 16 << 20;
/// Files that are kept beside the newest one.
const KEPT: u32 = 3;
/// How often another agent may rotate the log between two steps of this one.
const MAX_TRIES: u32 = 8;
