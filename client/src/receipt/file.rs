//! The file of a receipt.

use std::{
    ffi::OsStr,
    fmt,
    fs::{self, Permissions},
    io::{self, Write as _},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use rustix::fs::Access;

/// Why there is no receipt.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReceiptError {
    /// It cannot be written.
    #[error("cannot write the receipt {path}: {source}", path = .path.display())]
    Write {
        /// Its path.
        path: PathBuf,
        /// What went wrong.
        source: io::Error,
    },
    /// Its path is that of something else.
    #[error("cannot write the receipt to {}: that is no regular file", .0.display())]
    NotAFile(PathBuf),
    /// The build makes no image.
    #[error("there is no receipt without an image: {0}")]
    NoImage(&'static str),
    /// The engine did not tell the image's id.
    #[error("there is no receipt: the engine told no image id")]
    NoId,
}

/// Where a receipt is to be written.
#[derive(Debug)]
pub(crate) struct Destination {
    asked: PathBuf,
    path: PathBuf,
    folder: PathBuf,
}

impl Destination {
    /// This path, of a regular file or of nothing, in a folder that can be written to.
    pub(crate) fn at(asked: &Path) -> Result<Self, ReceiptError> {
        let path = asked;
        let fail = |source| ReceiptError::Write {
            path: path.to_owned(),
            source,
        };
        let is_other = fs::metadata(path).is_ok_and(|data| !data.is_file());
        if is_other || path.file_name().is_none() || path == OsStr::new("-") {
            return Err(ReceiptError::NotAFile(path.to_owned()));
        }
        // A link stays one: the file that it leads to is replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = match path.parent() {
            Some(parent) if parent != OsStr::new("") => parent.to_owned(),
            _ => PathBuf::from("."),
        };
        let is_folder = fs::metadata(&folder).map_err(fail)?.is_dir();
        if !is_folder {
            return Err(fail(io::ErrorKind::NotADirectory.into()));
        }
        rustix::fs::access(&folder, Access::WRITE_OK | Access::EXEC_OK)
            .map_err(|errno| fail(errno.into()))?;
        Ok(Self {
            asked: asked.to_owned(),
            path,
            folder,
        })
    }

    /// Removes the receipt of an earlier build: where this one fails, none must be taken for its.
    pub(crate) fn clear(&self) -> Result<(), ReceiptError> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.fail(error)),
            _ => Ok(()),
        }
    }

    /// Writes the whole text, or nothing, readable for everybody.
    pub(crate) fn write(&self, text: &str) -> Result<(), ReceiptError> {
        self.replace(text).map_err(|error| self.fail(error))
    }

    fn replace(&self, text: &str) -> io::Result<()> {
        let mut file = tempfile::Builder::new()
            .prefix(".keystay-receipt-")
            .tempfile_in(&self.folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file()
            .set_permissions(Permissions::from_mode(0o644))?;
        file.as_file().sync_all()?;
        file.persist(&self.path)?;
        Ok(())
    }

    fn fail(&self, source: io::Error) -> ReceiptError {
        ReceiptError::Write {
            path: self.asked.clone(),
            source,
        }
    }
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.asked.display().fmt(f)
    }
}

impl ReceiptError {
    /// What to do about it.
    pub(crate) fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Write { .. } => "name a file in a folder that is there: `--receipt FILE`",
            Self::NotAFile(_) => "name a file: `keystay --receipt FILE build …`",
            Self::NoImage(_) => "leave out `--receipt`, or the output",
            Self::NoId => return Vec::new(),
        };
        vec![hint.to_owned()]
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_receipt_is_replaced_whole_and_readable_for_everybody() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("receipt.json");
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        Destination::at(&path).unwrap().write("new").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o644);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[test]
    fn a_link_stays_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&file, "old").unwrap();
        symlink(&file, &link).unwrap();
        Destination::at(&link).unwrap().write("new").unwrap();
        assert_eq!(fs::read_to_string(&file).unwrap(), "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    }

    #[test]
    fn an_old_receipt_is_cleared() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("receipt.json");
        fs::write(&path, "old").unwrap();
        let destination = Destination::at(&path).unwrap();
        destination.clear().unwrap();
        assert!(!path.exists());
        destination.clear().unwrap();
    }

    #[test]
    fn what_is_no_regular_file_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        for path in [
            folder.path(),
            Path::new("/dev/null"),
            Path::new("-"),
            Path::new(""),
        ] {
            let refused = Destination::at(path);
            assert!(
                matches!(&refused, Err(ReceiptError::NotAFile(_))),
                "{path:?}: {refused:?}"
            );
        }
        let missing = Destination::at(&folder.path().join("none/receipt.json"));
        assert!(matches!(missing, Err(ReceiptError::Write { .. })));
    }
}
