//! The files of the log, read as one.

use std::{
    collections::VecDeque,
    fs::{self, File},
    io::{self, BufRead as _, BufReader, Read},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

use crate::regular;

/// The log's files, oldest first; the last is written to.
#[derive(Debug)]
pub(super) struct Files {
    path: PathBuf,
    open: VecDeque<BufReader<File>>,
    /// A line that is not finished.
    begun: Vec<u8>,
}

impl Files {
    /// Opens what there is.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let newest = regular::open(path)?;
        // Nobody rotates a file that is locked.
        newest.lock_shared()?;
        let older = (1..=KEPT).rev().filter_map(|age| {
            let mut name = path.as_os_str().to_owned();
            name.push(format!(".{age}"));
            regular::open(Path::new(&name)).ok()
        });
        let mut open: VecDeque<_> = older.map(BufReader::new).collect();
        newest.unlock()?;
        open.push_back(BufReader::new(newest));
        Ok(Self {
            path: path.to_owned(),
            open,
            begun: Vec::new(),
        })
    }

    /// Hands out every whole line that was not read before, without its line feed.
    pub(super) fn read(&mut self, mut line: impl FnMut(&[u8])) -> io::Result<()> {
        loop {
            // Looked for before the end is reached: a file that was put aside is whole.
            let next = match self.open.len() {
                1 => self.successor()?,
                _ => None,
            };
            let Some(file) = self.open.front_mut() else {
                return Ok(());
            };
            read_lines(file, &mut self.begun, &mut line)?;
            if self.open.len() == 1 && next.is_none() {
                return Ok(());
            }
            if !self.begun.is_empty() {
                line(&std::mem::take(&mut self.begun));
            }
            self.open.pop_front();
            self.open.extend(next.map(BufReader::new));
        }
    }

    /// The file that stands at the path now, if it is another than the one that is read.
    fn successor(&self) -> io::Result<Option<File>> {
        let Some(file) = self.open.back() else {
            return Ok(None);
        };
        let held = file.get_ref().metadata()?;
        match fs::symlink_metadata(&self.path) {
            Ok(named) if (named.dev(), named.ino()) != (held.dev(), held.ino()) => {
                regular::open(&self.path).map(Some)
            }
            _ => Ok(None),
        }
    }
}

fn read_lines(
    file: &mut BufReader<File>,
    begun: &mut Vec<u8>,
    line: &mut impl FnMut(&[u8]),
) -> io::Result<()> {
    while file.by_ref().take(LONGEST).read_until(b'\n', begun)? > 0 {
        if begun.ends_with(b"\n") {
            begun.pop();
            line(begun);
            begun.clear();
        } else if begun.len() > MAX_LINE {
            begun.clear();
        }
    }
    Ok(())
}

/// Files that are kept beside the newest one.
const KEPT: u32 = 3;
/// Read of a line at a time.
const LONGEST: u64 = 64 * 1024;
/// No record is as long.
const MAX_LINE: usize = 1024 * 1024;

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn read(files: &mut Files) -> Vec<String> {
        let mut lines = Vec::new();
        let seen = |line: &[u8]| lines.push(String::from_utf8_lossy(line).into_owned());
        files.read(seen).unwrap();
        lines
    }

    #[test]
    fn older_files_come_first_and_a_line_waits_for_its_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(folder.path().join("log.2"), "a\n").unwrap();
        fs::write(folder.path().join("log.1"), "b\ntorn").unwrap();
        fs::write(&path, "c\nd").unwrap();
        let mut files = Files::open(&path).unwrap();
        assert_eq!(read(&mut files), ["a", "b", "torn", "c"]);
        let mut file = File::options().append(true).open(&path).unwrap();
        file.write_all(b"e\n").unwrap();
        assert_eq!(read(&mut files), ["de"]);
        assert!(read(&mut files).is_empty());
    }

    #[test]
    fn a_log_is_followed_across_rotation() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        fs::write(&path, "a\n").unwrap();
        let mut files = Files::open(&path).unwrap();
        assert_eq!(read(&mut files), ["a"]);
        let mut old = File::options().append(true).open(&path).unwrap();
        old.write_all(b"b\n").unwrap();
        fs::rename(&path, folder.path().join("log.1")).unwrap();
        assert_eq!(read(&mut files), ["b"]);
        fs::write(&path, "c\n").unwrap();
        assert_eq!(read(&mut files), ["c"]);
        assert_eq!(files.open.len(), 1);
    }
    #[test]
    fn nobody_is_waited_for_at_a_pipe() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let made = std::process::Command::new("mkfifo").arg(&path).status();
        assert!(made.unwrap().success());
        assert!(Files::open(&path).is_err());
    }
}
