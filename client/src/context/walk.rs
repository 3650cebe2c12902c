//! The files of a context.

use std::{
    fs::{self, DirEntry, Metadata},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    rc::Rc,
};

use super::{Ignore, ignore::Matched};

/// A file of a context that is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path below the context.
    pub path: PathBuf,
    /// What it was when it was listed.
    pub stamp: Stamp,
}

/// What changes when a file does: the kernel sets the time of the last change, and no program can
/// set it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stamp {
    /// The file system.
    pub device: u64,
    /// The file's number there.
    pub inode: u64,
    /// Its length, in bytes.
    pub size: u64,
    /// When its content changed last, in nanoseconds since 1970.
    pub modified: i128,
    /// When anything of it changed last, likewise.
    pub changed: i128,
}

/// The files of a context.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing {
    /// The files, a folder's own in the order of their names before those of its folders.
    pub files: Vec<File>,
    /// Whether there are more.
    pub is_cut: bool,
}

/// Lists the files below a folder that are sent, at most so many. What cannot be read is left out:
/// docker says so, and ends.
#[must_use]
pub fn list(root: &Path, ignore: &Ignore, most: usize) -> Listing {
    let mut listing = Listing::default();
    let mut waiting = vec![Waiting::default()];
    while let Some(folder) = waiting.pop() {
        let Some(matched) = folder.judge(ignore) else {
            continue;
        };
        let first = waiting.len();
        for entry in sorted(&root.join(&folder.path)) {
            let path = folder.path.join(entry.file_name());
            let Ok(kind) = entry.file_type() else {
                continue;
            };
            if kind.is_dir() {
                let above = Some(Rc::clone(&matched));
                waiting.push(Waiting { path, above });
            } else if kind.is_file()
                && !ignore.judge(&path.to_string_lossy(), &matched).0
                && let Ok(data) = entry.metadata()
            {
                if listing.files.len() >= most {
                    listing.is_cut = true;
                    return listing;
                }
                listing.files.push(File {
                    path,
                    stamp: Stamp::of(&data),
                });
            }
        }
        if let Some(folders) = waiting.get_mut(first..) {
            folders.reverse();
        }
    }
    listing
}

/// A folder that was not looked into yet.
#[derive(Default)]
struct Waiting {
    path: PathBuf,
    /// What matches the folder that it is in. All of that one share it, for there may be thousands of
    /// patterns and of folders; the context itself has none above it.
    above: Option<Rc<Matched>>,
}

impl Waiting {
    /// What matches it; nothing where all below it is left out.
    fn judge(&self, ignore: &Ignore) -> Option<Rc<Matched>> {
        let Some(above) = &self.above else {
            return Some(Rc::default());
        };
        let text = self.path.to_string_lossy();
        let (is_ignored, matched) = ignore.judge(&text, above);
        (!is_ignored || !ignore.ends_at(&text)).then(|| Rc::new(matched))
    }
}

impl Stamp {
    /// What the file of this metadata is now.
    #[must_use]
    pub fn of(data: &Metadata) -> Self {
        let time =
            |seconds, nanoseconds| i128::from(seconds) * 1_000_000_000 + i128::from(nanoseconds);
        Self {
            device: data.dev(),
            inode: data.ino(),
            size: data.size(),
            modified: time(data.mtime(), data.mtime_nsec()),
            changed: time(data.ctime(), data.ctime_nsec()),
        }
    }
}

fn sorted(folder: &Path) -> Vec<DirEntry> {
    let entries = fs::read_dir(folder);
    let mut entries: Vec<_> = entries.into_iter().flatten().flatten().collect();
    entries.sort_unstable_by_key(DirEntry::file_name);
    entries
}

#[cfg(test)]
mod tests {
    use std::os::unix::{fs::symlink, net::UnixListener};

    use super::*;

    fn context(files: &[&str]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for file in files {
            let path = folder.path().join(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, file).unwrap();
        }
        folder
    }

    fn listed(folder: &Path, patterns: &str) -> Vec<String> {
        let ignore = Ignore::read(patterns.as_bytes()).unwrap();
        let files = list(folder, &ignore, 100).files;
        files
            .iter()
            .map(|file| file.path.to_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn all_that_is_not_ignored_is_listed() {
        let folder = context(&["b", "a/d", "a/c/e", "z/key", "z/keep/f", ".env"]);
        let all = [".env", "b", "a/d", "a/c/e", "z/key", "z/keep/f"];
        assert_eq!(listed(folder.path(), ""), all);
        assert_eq!(
            listed(folder.path(), "z\n!z/keep\n.env\na/*"),
            ["b", "z/keep/f"]
        );
        assert_eq!(listed(folder.path(), "*\n!**/f"), ["z/keep/f"]);
        assert_eq!(listed(folder.path(), "**"), [""; 0]);
    }

    #[test]
    fn links_are_not_followed_and_what_is_no_file_is_passed_over() {
        let folder = context(&["a/key"]);
        symlink("a", folder.path().join("b")).unwrap();
        symlink("a/key", folder.path().join("c")).unwrap();
        symlink("/", folder.path().join("d")).unwrap();
        let _listener = UnixListener::bind(folder.path().join("s")).unwrap();
        assert_eq!(listed(folder.path(), ""), ["a/key"]);
    }

    #[test]
    fn there_is_an_end() {
        let folder = context(&["a", "b", "c"]);
        let listing = list(folder.path(), &Ignore::default(), 2);
        assert_eq!((listing.files.len(), listing.is_cut), (2, true));
        assert!(!list(folder.path(), &Ignore::default(), 3).is_cut);
        assert_eq!(
            list(&folder.path().join("none"), &Ignore::default(), 3),
            Listing::default()
        );
    }

    #[test]
    fn a_stamp_tells_another_content() {
        let folder = context(&["a"]);
        let stamp = |path: &str| Stamp::of(&fs::metadata(folder.path().join(path)).unwrap());
        let before = stamp("a");
        assert_eq!(before, stamp("a"));
        fs::write(folder.path().join("b"), "b").unwrap();
        fs::rename(folder.path().join("b"), folder.path().join("a")).unwrap();
        assert_ne!(before, stamp("a"));
    }
}
