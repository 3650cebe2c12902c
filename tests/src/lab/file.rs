//! Files and folders of the lab, with errors that name them.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

use rustix::fs::{FlockOperation, flock};

use super::LabError;
use super::process::{say, wait_until};

pub(super) fn create_folder(path: &Path) -> Result<(), LabError> {
    fs::create_dir_all(path).map_err(LabError::file("create", path))
}

/// Writes a file unless it already says so; tells whether it was written. Who reads it at that time
/// sees either text whole.
pub(super) fn write(path: &Path, text: &str, mode: u32) -> Result<bool, LabError> {
    if fs::read_to_string(path).is_ok_and(|old| old == text) {
        return Ok(false);
    }
    if let Some(folder) = path.parent() {
        create_folder(folder)?;
    }
    let mut draft = path.as_os_str().to_owned();
    draft.push(".draft");
    let draft = Path::new(&draft);
    fs::write(draft, text).map_err(LabError::file("write", draft))?;
    fs::set_permissions(draft, Permissions::from_mode(mode))
        .map_err(LabError::file("set the mode of", draft))?;
    fs::rename(draft, path).map_err(LabError::file("write", path))?;
    Ok(true)
}

/// The text of a file, `None` if there is no such file.
pub(super) fn read(path: &Path) -> Result<Option<String>, LabError> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(LabError::file("read", path)(error)),
    }
}

/// Removes a file or a whole folder, if it is there.
pub(super) fn remove(path: &Path) -> Result<(), LabError> {
    let done = match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match done {
        Err(error) if error.kind() != ErrorKind::NotFound => {
            Err(LabError::file("remove", path)(error))
        }
        _ => Ok(()),
    }
}

/// Gives a whole folder to a user.
pub(super) fn give(path: &Path, owner: u32) -> Result<(), LabError> {
    std::os::unix::fs::lchown(path, Some(owner), Some(owner))
        .map_err(LabError::file("give away", path))?;
    let found = fs::symlink_metadata(path).map_err(LabError::file("read", path))?;
    if !found.is_dir() {
        return Ok(());
    }
    for entry in fs::read_dir(path).map_err(LabError::file("read", path))? {
        give(&entry.map_err(LabError::file("read", path))?.path(), owner)?;
    }
    Ok(())
}

/// Held while the lab is changed: one process at a time, whichever tree it was built from.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits for the lock.
    pub(super) fn take(path: &Path) -> Result<Self, LabError> {
        if let Some(folder) = path.parent() {
            create_folder(folder)?;
        }
        loop {
            let file = OpenOptions::new()
                .create(true)
                .append(true)
                .open(path)
                .map_err(LabError::file("open", path))?;
            wait(&file).map_err(LabError::file("lock", path))?;
            if same_file(&file, path) {
                return Ok(Self { _file: file });
            }
        }
    }
}

fn wait(file: &File) -> Result<(), std::io::Error> {
    let free = || flock(file, FlockOperation::NonBlockingLockExclusive).is_ok();
    if wait_until(UNNOTICED, free) {
        return Ok(());
    }
    say("another process is at the lab, waiting");
    Ok(flock(file, FlockOperation::LockExclusive)?)
}

/// False when the lab was purged, lock file and all, while this process waited.
fn same_file(file: &File, path: &Path) -> bool {
    let identity = |found: fs::Metadata| (found.dev(), found.ino());
    file.metadata().ok().map(identity) == fs::metadata(path).ok().map(identity)
}

/// Finding a lab that stands takes less.
const UNNOTICED: Duration = Duration::from_secs(1);
