//! The files of one build, in a folder of its own that goes away with it. None holds a secret.

use std::{
    ffi::OsStr,
    fs, io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

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
}

impl Files {
    /// A new folder in the folder for temporary files.
    pub(super) fn new() -> Result<Self, FilesError> {
        let mut builder = tempfile::Builder::new();
        builder
            .prefix("keystay-")
            .permissions(fs::Permissions::from_mode(0o700));
        let folder = builder.tempdir();
        folder
            .map(|folder| Self { folder })
            .map_err(|source| FilesError {
                path: std::env::temp_dir(),
                source,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folder_is_private_and_goes_away() {
        let files = Files::new().unwrap();
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
