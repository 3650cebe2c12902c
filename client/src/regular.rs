//! Files that a project or a person brings, read without waiting for anybody and up to a limit.
//!
//! A pipe in the place of a file would be waited for, and a device has no end.

use std::{
    fs::{File, Metadata, OpenOptions},
    io::{self, Read as _},
    os::unix::fs::OpenOptionsExt as _,
    path::Path,
};

use rustix::fs::OFlags;

/// Reads a regular file of at most so many bytes, through links.
///
/// # Errors
///
/// What the system says; [`io::ErrorKind::InvalidInput`] for what is no regular file, and
/// [`io::ErrorKind::FileTooLarge`] for what is longer.
pub(crate) fn read(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    read_checked(path, most, |_| Ok(()))
}

/// Reads it where the check of what was opened passes.
///
/// # Errors
///
/// Those of [`read`], and the check's.
pub(crate) fn read_checked(
    path: &Path,
    most: u64,
    check: impl FnOnce(&Metadata) -> io::Result<()>,
) -> io::Result<Vec<u8>> {
    let (file, data) = opened(path)?;
    check(&data)?;
    let mut content = Vec::new();
    file.take(most.saturating_add(1))
        .read_to_end(&mut content)?;
    if u64::try_from(content.len()).is_ok_and(|length| length <= most) {
        Ok(content)
    } else {
        let told = format!("it is longer than {most} bytes");
        Err(io::Error::new(io::ErrorKind::FileTooLarge, told))
    }
}

/// Opens a regular file of any length, through links.
///
/// # Errors
///
/// What the system says, and [`io::ErrorKind::InvalidInput`] for what is no regular file.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    opened(path).map(|(file, _)| file)
}

fn opened(path: &Path) -> io::Result<(File, Metadata)> {
    // Without it the opening of a pipe waits for who writes to it.
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).map_err(io::Error::other)?;
    let file = (OpenOptions::new().read(true))
        .custom_flags(flags)
        .open(path)?;
    let data = file.metadata()?;
    if data.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !data.is_file() {
        let told = "it is no regular file";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, told));
    }
    Ok((file, data))
}

#[cfg(test)]
mod tests {
    use std::{fs, process::Command};

    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "1234").unwrap();
        assert_eq!(read(&path, 4).unwrap(), b"1234");
        let error = read(&path, 3).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::FileTooLarge);
        assert_eq!(error.to_string(), "it is longer than 3 bytes");
    }

    #[test]
    fn pipes_devices_and_folders_are_refused_and_nobody_is_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        assert!(
            Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        for (path, kind) in [
            (pipe.as_path(), io::ErrorKind::InvalidInput),
            (Path::new("/dev/zero"), io::ErrorKind::InvalidInput),
            (folder.path(), io::ErrorKind::IsADirectory),
            (&folder.path().join("none"), io::ErrorKind::NotFound),
        ] {
            assert_eq!(read(path, 9).unwrap_err().kind(), kind, "{path:?}");
        }
    }
}
