//! What was given to a build before, and need not be searched again.

use std::{collections::HashSet, io, os::unix::ffi::OsStrExt as _, path::Path, time::SystemTime};

use sha2::{Digest as _, Sha256};

use super::{
    Sought,
    cache::{Cache, scanner},
};
use crate::context::Stamp;

/// What one kind of build was given, and found clean of some keys by this version of the search.
#[derive(Clone, Debug)]
pub struct Unchanged {
    cache: Cache,
    head: String,
    marks: HashSet<Mark>,
}

/// What stands for a file, or for texts, until they change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Mark([u8; LENGTH]);

impl Mark {
    /// A file of a context. Nothing for one that changed within the last two seconds: it might change
    /// once more without a sign of it, where times are coarse.
    #[must_use]
    pub fn of_file(context: &Path, path: &Path, stamp: &Stamp, now: SystemTime) -> Option<Self> {
        let now = now.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        let now = i128::try_from(now.as_nanos()).ok()?;
        let latest = stamp.modified.max(stamp.changed);
        let numbers = [stamp.device, stamp.inode, stamp.size];
        let times = [stamp.modified, stamp.changed];
        (latest + COARSEST < now).then(|| {
            let mut parts = vec![b"file".to_vec()];
            parts.extend([context, path].map(|path| path.as_os_str().as_bytes().to_vec()));
            parts.extend(numbers.map(|number| number.to_le_bytes().to_vec()));
            parts.extend(times.map(|time| time.to_le_bytes().to_vec()));
            Self::of(parts.iter().map(Vec::as_slice))
        })
    }

    /// Texts in their order.
    #[must_use]
    pub fn of_texts<'t>(texts: impl IntoIterator<Item = &'t [u8]>) -> Self {
        let kind: &[u8] = b"texts";
        Self::of([kind].into_iter().chain(texts))
    }

    fn of<'p>(parts: impl IntoIterator<Item = &'p [u8]>) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(u64::try_from(part.len()).unwrap_or(0).to_le_bytes());
            hash.update(part);
        }
        let digest: [u8; 32] = hash.finalize().into();
        Self(*digest.first_chunk().unwrap_or(&[0; LENGTH]))
    }
}

impl Unchanged {
    /// What is remembered of builds in this folder with these keys.
    #[must_use]
    pub fn of(cache: Cache, folder: &Path, keys: &Sought) -> Self {
        let folder = folder.to_string_lossy();
        let head = format!("given\n{}\n{folder:?}\n{}\n", scanner(), keys.text());
        let content = cache.read(&head, head.len() + MOST * LENGTH);
        let content = content.unwrap_or_default();
        let marks = content.strip_prefix(head.as_bytes()).unwrap_or_default();
        let (marks, rest) = marks.as_chunks::<LENGTH>();
        let marks = marks.iter().filter(|_| rest.is_empty());
        Self {
            marks: marks.copied().map(Mark).collect(),
            cache,
            head,
        }
    }

    /// Whether this was found clean.
    #[must_use]
    pub fn holds(&self, mark: Mark) -> bool {
        self.marks.contains(&mark)
    }

    /// Remembers these, and these only.
    pub fn remember(&self, marks: HashSet<Mark>) -> io::Result<()> {
        if marks == self.marks {
            return Ok(());
        }
        let mut marks: Vec<_> = marks.into_iter().collect();
        marks.sort_unstable();
        marks.truncate(MOST);
        let mut content = self.head.clone().into_bytes();
        content.extend(marks.iter().flat_map(|mark| mark.0));
        self.cache.write(&self.head, &content)
    }
}

const LENGTH: usize = 16;
/// Twice as many as one search lists: 3 MB.
const MOST: usize = 200_000;
/// Two seconds, as of FAT.
const COARSEST: i128 = 2_000_000_000;

#[cfg(test)]
mod tests {
    use std::{fs, time::Duration};

    use super::*;
    use crate::verify::sought::sought;

    fn stamp(size: u64) -> Stamp {
        Stamp {
            device: 1,
            inode: 2,
            size,
            modified: 5_000_000_000,
            changed: 6_000_000_000,
        }
    }

    fn mark(path: &str, size: u64) -> Option<Mark> {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(9);
        Mark::of_file(Path::new("/c"), Path::new(path), &stamp(size), now)
    }

    #[test]
    fn what_was_clean_is_remembered_for_this_folder_and_these_keys() {
        let folder = tempfile::tempdir().unwrap();
        let key = |name: &'static [u8]| (name, true);
        let (one, two) = (key(b"1"), key(b"2"));
        let at = |path: &str, keys: &[(&[u8], bool)]| {
            let cache = Cache::at(folder.path().join("contexts"));
            Unchanged::of(cache, Path::new(path), &sought(keys).unwrap())
        };
        let marks = [mark("a", 1), mark("b", 1)].map(Option::unwrap);
        at("/c", &[one, two]).remember(marks.into()).unwrap();
        let known = at("/c", &[two, one]);
        assert!(marks.iter().all(|mark| known.holds(*mark)));
        assert!(!known.holds(mark("a", 2).unwrap()));
        assert!(!at("/d", &[one, two]).holds(marks[0]));
        assert!(!at("/c", &[one]).holds(marks[0]));
        assert!(!at("/c", &[one, (two.0, false)]).holds(marks[0]));
        known.remember([marks[1]].into()).unwrap();
        assert!(!at("/c", &[one, two]).holds(marks[0]));
    }

    #[test]
    fn every_part_of_a_file_counts() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_mins(1);
        let mark = |context: &str, path: &str, stamp: Stamp| {
            Mark::of_file(Path::new(context), Path::new(path), &stamp, now).unwrap()
        };
        let stamp = stamp(1);
        let others = [
            mark("/d", "a", stamp),
            mark("/c", "b", stamp),
            mark("/c", "a", Stamp { device: 2, ..stamp }),
            mark("/c", "a", Stamp { inode: 3, ..stamp }),
            mark("/c", "a", Stamp { size: 2, ..stamp }),
            mark(
                "/c",
                "a",
                Stamp {
                    modified: 0,
                    ..stamp
                },
            ),
            mark(
                "/c",
                "a",
                Stamp {
                    changed: 0,
                    ..stamp
                },
            ),
            Mark::of_texts([b"a".as_slice()]),
        ];
        assert!(!others.contains(&mark("/c", "a", stamp)));
        let joined = [b"ab".as_slice(), b"c"];
        assert_ne!(
            Mark::of_texts(joined),
            Mark::of_texts([b"a".as_slice(), b"bc"])
        );
    }

    #[test]
    fn what_changed_just_now_is_not_remembered() {
        let at = |seconds| {
            let now = SystemTime::UNIX_EPOCH + Duration::from_secs(seconds);
            Mark::of_file(Path::new("/c"), Path::new("a"), &stamp(1), now)
        };
        assert_eq!(at(8), None);
        assert!(at(9).is_some());
        assert_eq!(at(0), None);
    }

    #[test]
    fn a_cut_or_changed_memory_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let open = || {
            let keys = sought(&[(b"1", true)]).unwrap();
            Unchanged::of(Cache::at(folder.path().to_owned()), Path::new("/c"), &keys)
        };
        let mark = mark("a", 1).unwrap();
        open().remember([mark].into()).unwrap();
        assert!(open().holds(mark));
        let entry = fs::read_dir(folder.path())
            .unwrap()
            .next()
            .unwrap()
            .unwrap();
        let content = fs::read(entry.path()).unwrap();
        fs::write(entry.path(), &content[..content.len() - 1]).unwrap();
        assert!(!open().holds(mark));
        fs::write(entry.path(), b"given").unwrap();
        assert!(!open().holds(mark));
    }
}
