//! The files of one build, in a folder of its own that goes away with it. None holds a secret.
//!
//! A build that is killed leaves its folder behind. A lock, which the system takes back when its
//! holder ends, tells such a folder from one in use, and the next build removes it.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs::{self, File},
    io,
    os::unix::{
        ffi::OsStrExt as _,
        fs::{MetadataExt as _, PermissionsExt as _},
    },
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use rustix::process::geteuid;
use tempfile::TempDir;

use crate::engine::Dialect;

/// Why the files of a build cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {path}: {source}", path = .path.display())]
pub(crate) struct FilesError {
    path: PathBuf,
    source: io::Error,
}

/// A folder that only its owner may look into.
#[derive(Debug)]
pub(super) struct Files {
    folder: TempDir,
    _lock: File,
}

impl Files {
    /// A new folder in `TMPDIR`; where that is not set, in the session's own folder, or `/tmp`. Podman
    /// splits the names of files at commas, and most of them without a way to quote.
    pub(super) fn new(dialect: Dialect) -> Result<Self, FilesError> {
        Self::at(base(|name| env::var_os(name)), dialect)
    }

    fn at(base: PathBuf, dialect: Dialect) -> Result<Self, FilesError> {
        if dialect == Dialect::Podman && is_split(&base) {
            let source = io::Error::new(io::ErrorKind::InvalidFilename, SPLIT);
            return Err(FilesError { path: base, source });
        }
        sweep(&base);
        Self::below(&base).map_err(|error| FilesError {
            path: base,
            source: without_path(&error),
        })
    }

    fn below(base: &Path) -> io::Result<Self> {
        let mut builder = tempfile::Builder::new();
        let private = fs::Permissions::from_mode(0o700);
        let folder = builder
            .prefix(PREFIX)
            .permissions(private)
            .tempdir_in(base)?;
        let lock = File::open(folder.path())?;
        lock.lock_shared()?;
        fs::write(folder.path().join(MARK), "")?;
        Ok(Self {
            folder,
            _lock: lock,
        })
    }

    /// Writes one file.
    pub(super) fn write(&self, name: &OsStr, content: &[u8]) -> Result<PathBuf, FilesError> {
        let path = self.path(name);
        fs::write(&path, content).map_err(|source| FilesError {
            path: path.clone(),
            source,
        })?;
        Ok(path)
    }

    /// Where a file is, or would be.
    pub(super) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn base(variable: impl Fn(&str) -> Option<OsString>) -> PathBuf {
    let folder = |name| variable(name).map(PathBuf::from);
    let is_ours = |folder: &PathBuf| {
        let found = fs::symlink_metadata(folder);
        found.is_ok_and(|found| found.is_dir() && found.uid() == geteuid().as_raw())
    };
    let session = || folder("XDG_RUNTIME_DIR").filter(|path| path.is_absolute() && is_ours(path));
    let named = folder("TMPDIR").filter(|path| !path.as_os_str().is_empty());
    named.or_else(session).unwrap_or_else(env::temp_dir)
}

/// Whether a path is more or less than itself in a list with commas.
fn is_split(path: &Path) -> bool {
    let bytes = path.as_os_str().as_bytes();
    bytes.iter().any(|byte| matches!(byte, b',' | b'"'))
}

/// The error without the path that is told already.
fn without_path(error: &io::Error) -> io::Error {
    let text = error.to_string();
    let said = text.split(" at path ").next().unwrap_or_default();
    io::Error::new(error.kind(), said)
}

/// Removes the folders of builds that were killed.
fn sweep(base: &Path) {
    let Ok(entries) = fs::read_dir(base) else {
        return;
    };
    for entry in entries.flatten() {
        let is_named = entry
            .file_name()
            .as_encoded_bytes()
            .starts_with(PREFIX.as_bytes());
        if is_named && is_left(&entry.path()) {
            remove(&entry.path());
        }
    }
}

/// Removes a folder that a build made, or that is empty; a person may use the name too.
fn remove(path: &Path) {
    let is_made = fs::symlink_metadata(path.join(MARK)).is_ok();
    // Another build may sweep at the same time.
    let _ = if is_made {
        fs::remove_dir_all(path)
    } else {
        fs::remove_dir(path)
    };
}

/// Whether the folder is this user's and nobody holds its lock, nor is about to take it.
fn is_left(path: &Path) -> bool {
    let is_old = |made: SystemTime| {
        SystemTime::now()
            .duration_since(made)
            .is_ok_and(|age| age > SETTLED)
    };
    let Ok(found) = fs::symlink_metadata(path) else {
        return false;
    };
    found.is_dir()
        && found.uid() == geteuid().as_raw()
        && found.modified().is_ok_and(is_old)
        && File::open(path).is_ok_and(|folder| folder.try_lock().is_ok())
}

/// Not the beginning of an agent's folders, which are left when nobody answers in them.
const PREFIX: &str = "keystay.";
/// The file that says whose folder it is.
const MARK: &str = ".keystay";
const SPLIT: &str = "podman and buildah read no path with a comma or a quote";
const SETTLED: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use super::*;

    fn age(path: &Path) {
        let old = SystemTime::now() - Duration::from_hours(1);
        File::open(path).unwrap().set_modified(old).unwrap();
    }

    #[test]
    fn the_folder_of_a_killed_build_is_swept_and_that_of_a_running_one_stays() {
        let base = tempfile::tempdir().unwrap();
        let running = Files::below(base.path()).unwrap();
        let names = ["left", "empty", "fresh", "own"].map(|name| format!("{PREFIX}{name}"));
        let [left, empty, fresh, own] = names.map(|name| base.path().join(name));
        for folder in [&left, &empty, &fresh, &own] {
            fs::create_dir(folder).unwrap();
        }
        for file in [left.join("Dockerfile"), left.join(MARK), own.join("file")] {
            fs::write(file, "").unwrap();
        }
        for folder in [running.folder.path(), &left, &empty, &own] {
            age(folder);
        }
        sweep(base.path());
        assert!(!left.exists() && !empty.exists());
        assert!(running.folder.path().exists() && fresh.exists());
        assert!(own.join("file").exists(), "a person's own");
    }

    #[test]
    fn the_folder_that_is_named_comes_before_the_sessions_own() {
        let session = tempfile::tempdir().unwrap();
        let session = session.path().as_os_str();
        let base = |named: &str, session: &OsStr| {
            base(|name| match name {
                "TMPDIR" => Some(named.into()),
                _ => Some(session.to_owned()),
            })
        };
        assert_eq!(base("/named", session), Path::new("/named"));
        assert_eq!(base("", session), session);
        for other in ["", "relative", "/absent"] {
            assert_eq!(base("", OsStr::new(other)), env::temp_dir(), "{other}");
        }
    }

    #[test]
    fn a_path_that_podman_splits_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a,b", "a\"b"] {
            let base = folder.path().join(name);
            fs::create_dir(&base).unwrap();
            let refused = Files::at(base.clone(), Dialect::Podman).unwrap_err();
            let told = format!("cannot write {}: {SPLIT}", base.display());
            assert_eq!(refused.to_string(), told);
            assert!(Files::at(base, Dialect::Docker).is_ok());
        }
    }

    #[test]
    fn the_folder_is_private_and_goes_away() {
        let files = Files::new(Dialect::Docker).unwrap();
        let path = files
            .write(OsStr::new("Dockerfile"), b"FROM scratch\n")
            .unwrap();
        let folder = path.parent().unwrap().to_owned();
        assert_eq!(
            fs::metadata(&folder).unwrap().permissions().mode() & 0o777,
            0o700
        );
        assert_eq!(fs::read(&path).unwrap(), b"FROM scratch\n");
        drop(files);
        assert!(!folder.exists());
    }
}
