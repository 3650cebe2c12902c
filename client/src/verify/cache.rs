//! Verdicts that need not be found again.

use std::{
    env,
    ffi::OsStr,
    fs::{self, DirBuilder, File, Metadata},
    io::{self, Read as _, Write as _},
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use rustix::fs::{Mode, OFlags};
use sha2::{Digest as _, Sha256};

use super::{
    Sought,
    manifest::{Digest, is_digest},
};

/// The clean verdicts of this user, each a small file. A leak or a gap is never remembered.
///
/// What cannot be read, can be changed by another user or does not say exactly what it should is as if it
/// were not there.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

/// An image and the keys that were looked for in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subject {
    text: String,
}

impl Subject {
    /// The image of this id, `sha256:` and 64 digits, which names its content, and these keys.
    /// Nothing for another name of an image, which may come to mean other content.
    #[must_use]
    pub fn new(image: &str, keys: &Sought) -> Option<Self> {
        is_digest(image).then(|| Self {
            text: format!("clean\n{}\n{image}\n{}", scanner(), keys.text()),
        })
    }
}

fn file_name(text: &str) -> String {
    let name = Digest::from(Sha256::new_with_prefix(text)).to_string();
    name.replacen("sha256:", "", 1)
}

impl Cache {
    /// The cache in this folder, which need not be there.
    #[must_use]
    pub fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The cache of this name in `$XDG_CACHE_HOME/keystay`, or `~/.cache` instead of the variable where
    /// that is not an absolute path. Nothing where there is no home.
    #[must_use]
    pub fn of_user(name: &str) -> Option<Self> {
        let absolute = |name: &str| {
            env::var_os(name)
                .map(PathBuf::from)
                .filter(|p| p.is_absolute())
        };
        let caches =
            absolute("XDG_CACHE_HOME").or_else(|| Some(absolute("HOME")?.join(".cache")))?;
        Some(Self::at(caches.join("keystay").join(name)))
    }

    /// Whether the image was found clean of these keys by this version of the search.
    #[must_use]
    pub fn is_clean(&self, subject: &Subject) -> bool {
        let text = self.read(&subject.text, subject.text.len());
        text.is_ok_and(|text| text == subject.text.as_bytes())
    }

    /// Remembers that the image is clean of these keys, and forgets what is older than 30 days or
    /// beyond the newest 1,000.
    pub fn remember_clean(&self, subject: &Subject) -> io::Result<()> {
        self.write(&subject.text, subject.text.as_bytes())
    }

    /// What is remembered under this text, at most so many bytes and one more.
    pub(super) fn read(&self, of: &str, longest: usize) -> io::Result<Vec<u8>> {
        is_own(&fs::symlink_metadata(&self.folder)?)?;
        read_own(&self.folder.join(file_name(of)), longest)
    }

    /// Remembers something under this text, and forgets what is older than 30 days or beyond the
    /// newest 1,000.
    pub(super) fn write(&self, of: &str, content: &[u8]) -> io::Result<()> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)?;
        is_own(&fs::symlink_metadata(&self.folder)?)?;
        self.sweep(SystemTime::now())?;
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(content)?;
        file.persist(self.folder.join(file_name(of)))?;
        Ok(())
    }

    fn sweep(&self, now: SystemTime) -> io::Result<()> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            if is_ours(&entry.file_name())
                && let Ok(changed) = entry.metadata().and_then(|data| data.modified())
            {
                entries.push((
                    now.duration_since(changed).unwrap_or_default(),
                    entry.path(),
                ));
            }
        }
        entries.sort_unstable();
        for (number, (age, path)) in entries.into_iter().enumerate() {
            if age > OLDEST || number + 1 >= MOST {
                // Another build may have removed it first.
                drop(fs::remove_file(path));
            }
        }
        Ok(())
    }
}

/// The content of a file of this user's, unless it is longer than it may be.
fn read_own(path: &Path, longest: usize) -> io::Result<Vec<u8>> {
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty())?);
    let data = file.metadata()?;
    if !data.is_file() {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    is_own(&data)?;
    let mut content = Vec::new();
    file.take(u64::try_from(longest).unwrap_or(0) + 1)
        .read_to_end(&mut content)?;
    Ok(content)
}

/// Whether nobody but this user, and root, can change something.
fn is_own(data: &Metadata) -> io::Result<()> {
    let is_of_user = data.uid() == rustix::process::geteuid().as_raw();
    if is_of_user && data.mode() & WRITE_BY_OTHERS == 0 {
        Ok(())
    } else {
        Err(io::ErrorKind::PermissionDenied.into())
    }
}

/// Whether the cache made a file of this name: a digest, or one that was not finished.
fn is_ours(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| {
        name.starts_with(".tmp")
            || (name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit()))
    })
}

/// The version of what is looked for, and how. A verdict depends on it beside image and keys.
pub const SEARCH: u32 = 9;

/// The program and the version of its search.
pub(super) fn scanner() -> String {
    format!("keystay {} search {SEARCH}", env!("CARGO_PKG_VERSION"))
}

const WRITE_BY_OTHERS: u32 = 0o022;
const OLDEST: Duration = Duration::from_hours(30 * 24);
const MOST: usize = 1_000;

#[cfg(test)]
mod tests {
    use std::{
        fs::Permissions,
        os::unix::fs::{PermissionsExt as _, symlink},
    };

    use super::*;
    use crate::verify::sought::{sought, sought_with};

    #[test]
    fn a_clean_image_is_remembered_for_these_keys_only() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().join("a/b"));
        let subject = subject(1, &[(b"1", true), (b"2", true)]);
        assert!(!cache.is_clean(&subject));
        cache.remember_clean(&subject).unwrap();
        assert!(cache.is_clean(&subject));
        let same: [(&[u8], bool); 3] = [(b"2", true), (b"1", true), (b"2", true)];
        assert!(cache.is_clean(&self::subject(1, &same)));
        assert!(!cache.is_clean(&self::subject(1, &same[1..2])));
        assert!(!cache.is_clean(&self::subject(2, &same)));
        let mode = fs::metadata(folder.path().join("a/b")).unwrap().mode();
        assert_eq!(mode & 0o777, 0o700);
    }

    #[test]
    fn a_name_that_may_change_its_meaning_is_no_subject() {
        let key = sought(&[(b"1", true)]).unwrap();
        for name in ["app:latest", "sha256:12", &image(1).to_uppercase(), ""] {
            assert_eq!(Subject::new(name, &key), None);
        }
        assert_eq!(sought(&[]), None);
    }

    #[test]
    fn a_search_for_locked_copies_proves_nothing_about_the_key_itself() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().to_owned());
        cache.remember_clean(&subject(1, &[(b"1", false)])).unwrap();
        assert!(!cache.is_clean(&subject(1, &[(b"1", true)])));
    }

    #[test]
    fn an_entry_that_does_not_say_what_it_should_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().to_owned());
        let subject = subject(1, &[(b"1", true)]);
        let entry = folder.path().join(file_name(&subject.text));
        for content in [
            String::new(),
            "clean\n".to_owned(),
            format!("{}\n", subject.text),
        ] {
            fs::write(&entry, content).unwrap();
            assert!(!cache.is_clean(&subject));
        }
        fs::write(folder.path().join("other"), &subject.text).unwrap();
        fs::remove_file(&entry).unwrap();
        symlink("other", &entry).unwrap();
        assert!(!cache.is_clean(&subject));
        fs::remove_file(&entry).unwrap();
        fs::create_dir(&entry).unwrap();
        assert!(!cache.is_clean(&subject));
    }

    #[test]
    fn an_entry_of_another_user_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().to_owned());
        let subject = subject(1, &[(b"1", true)]);
        cache.remember_clean(&subject).unwrap();
        let entry = folder.path().join(file_name(&subject.text));
        if std::os::unix::fs::chown(entry, Some(12_345), None).is_ok() {
            assert!(!cache.is_clean(&subject));
        } else {
            assert_ne!(
                rustix::process::geteuid().as_raw(),
                0,
                "root can give files away"
            );
        }
    }

    #[test]
    fn what_others_can_write_to_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().join("cache"));
        let subject = subject(1, &[(b"1", true)]);
        cache.remember_clean(&subject).unwrap();
        let entry = folder.path().join("cache").join(file_name(&subject.text));
        for (place, own) in [(entry, 0o600), (folder.path().join("cache"), 0o700)] {
            for others in [0o020, 0o002] {
                let set = |mode| fs::set_permissions(&place, Permissions::from_mode(mode));
                set(own | others).unwrap();
                assert!(!cache.is_clean(&subject), "{place:?} {others:o}");
                set(own).unwrap();
                assert!(cache.is_clean(&subject));
            }
        }
        let moved = folder.path().join("moved");
        fs::rename(folder.path().join("cache"), &moved).unwrap();
        symlink(&moved, folder.path().join("cache")).unwrap();
        assert!(!cache.is_clean(&subject));
    }

    #[test]
    fn a_search_by_another_agent_is_another_search() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().to_owned());
        let of = |search| {
            let keys = sought_with(search, &[(b"1", true)]).unwrap();
            Subject::new(&image(1), &keys).unwrap()
        };
        cache.remember_clean(&of("1 raw")).unwrap();
        assert!(cache.is_clean(&of("1 raw")));
        assert!(!cache.is_clean(&of("1 raw hex")));
        assert!(!cache.is_clean(&of("")));
        let text = of("1 raw").text;
        assert!(text.contains(env!("CARGO_PKG_VERSION")) && text.contains(&SEARCH.to_string()));
    }

    #[test]
    fn old_and_many_entries_are_forgotten_and_other_files_kept() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().to_owned());
        fs::write(folder.path().join("README"), "").unwrap();
        for number in 0..1_200 {
            fs::write(folder.path().join(format!("{number:064x}")), "").unwrap();
        }
        let subject = subject(1, &[(b"1", true)]);
        cache.remember_clean(&subject).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1_001);
        cache
            .sweep(SystemTime::now() + OLDEST + Duration::from_mins(1))
            .unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    fn subject(number: u8, keys: &[(&[u8], bool)]) -> Subject {
        Subject::new(&image(number), &sought(keys).unwrap()).unwrap()
    }

    fn image(number: u8) -> String {
        format!("sha256:{}", format!("{number:02x}").repeat(31) + "ab")
    }
}
