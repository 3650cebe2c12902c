//! Folders of ssh servers that a test starts for itself, inside of the lab's Debian root.

use std::{
    fs::Permissions,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::{LabError, process::run};

/// A folder that such a server sees too, and its user `git` can read; gone when dropped.
pub(super) fn folder(root: &Path, prefix: &str) -> Result<TempDir, LabError> {
    let parent = root.join("tmp");
    let made = tempfile::Builder::new()
        .prefix(prefix)
        .permissions(Permissions::from_mode(0o755))
        .tempdir_in(&parent);
    made.map_err(LabError::file("create a folder in", &parent))
}

/// A path as the server sees it.
pub(super) fn inside(root: &Path, path: &Path) -> PathBuf {
    Path::new("/").join(path.strip_prefix(root).unwrap_or(path))
}

/// Makes an ed25519 key, with its public half beside it.
pub(super) fn keygen(path: &Path) -> Result<(), LabError> {
    let kind = ["-q", "-t", "ed25519", "-N", "", "-C", "", "-f"];
    run(Command::new("ssh-keygen").args(kind).arg(path)).map(drop)
}
