//! The private folder that holds an agent's sockets.

use std::{
    env,
    fs::{self, Permissions},
    io,
    os::unix::{
        fs::{MetadataExt as _, PermissionsExt as _},
        net::UnixStream,
    },
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use rustix::process::geteuid;
use tempfile::{Builder, TempDir};

/// Makes a new 0700 folder with a short path; it goes when it is dropped.
///
/// It lies in `XDG_RUNTIME_DIR` if that is the user's own, short enough for a socket path and without a
/// comma, at which engines end a socket's path; else in `/tmp`.
pub(crate) fn make() -> io::Result<TempDir> {
    let private = Permissions::from_mode(0o700);
    Builder::new()
        .prefix(PREFIX)
        .permissions(private)
        .tempdir_in(base())
}

fn base() -> PathBuf {
    (env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from))
        .filter(|path| has_room(path) && is_ours(path))
        .unwrap_or_else(|| PathBuf::from("/tmp"))
}

/// Whether sockets in it have paths that can be passed on.
fn has_room(path: &Path) -> bool {
    let bytes = path.as_os_str().as_encoded_bytes();
    path.is_absolute() && bytes.len() <= MAX_BASE && !bytes.contains(&b',')
}

/// Removes what agents left behind that were killed: folders of ours whose control socket nobody
/// answers, and empty ones.
pub(crate) fn sweep() {
    sweep_below(&base());
}

fn sweep_below(base: &Path) {
    let Ok(entries) = fs::read_dir(base) else {
        return;
    };
    for path in entries.flatten().map(|entry| entry.path()) {
        let named = path
            .file_name()
            .is_some_and(|name| name.as_encoded_bytes().starts_with(PREFIX.as_bytes()));
        if named && is_ours(&path) && is_settled(&path) {
            // Another agent may sweep at the same time.
            let _ = remove(&path);
        }
    }
}

fn is_ours(path: &Path) -> bool {
    fs::symlink_metadata(path)
        .is_ok_and(|found| found.is_dir() && found.uid() == geteuid().as_raw())
}

/// Whether the folder is old enough not to belong to an agent that is about to bind its socket.
fn is_settled(path: &Path) -> bool {
    (fs::symlink_metadata(path)
        .and_then(|found| found.modified())
        .ok())
    .and_then(|made| SystemTime::now().duration_since(made).ok())
    .is_some_and(|age| age > SETTLED)
}

fn remove(path: &Path) -> io::Result<()> {
    match UnixStream::connect(path.join(CONTROL)).map_err(|error| error.kind()) {
        Err(io::ErrorKind::ConnectionRefused) => fs::remove_dir_all(path),
        // No agent's, or of one that came no further: a person may use the name too.
        Err(io::ErrorKind::NotFound) => fs::remove_dir(path),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// The name of the control socket in the folder.
pub(crate) const CONTROL: &str = "control";
const PREFIX: &str = "keystay-";
/// A socket path holds 107 bytes (unix(7)), 103 on macOS; folder and socket names take 40.
const MAX_BASE: usize = 60;
const SETTLED: Duration = Duration::from_mins(1);

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::*;

    fn age(path: &Path) {
        let old = SystemTime::now() - Duration::from_hours(1);
        fs::File::open(path).unwrap().set_modified(old).unwrap();
    }

    #[test]
    fn a_socket_is_put_where_an_engine_finds_it() {
        assert!(has_room(Path::new("/run/user/1000")));
        for path in ["run", "/run/a,b", &format!("/{}", "d".repeat(MAX_BASE))] {
            assert!(!has_room(Path::new(path)), "{path}");
        }
    }

    #[test]
    fn the_folder_is_private_and_goes() {
        let folder = make().unwrap();
        let path = folder.path().to_owned();
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o700
        );
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn the_folder_of_a_killed_agent_is_swept_and_that_of_a_live_one_stays() {
        let base = tempfile::tempdir().unwrap();
        let (dead, live) = (
            base.path().join("keystay-dead"),
            base.path().join("keystay-live"),
        );
        for path in [&dead, &live] {
            fs::create_dir(path).unwrap();
        }
        drop(UnixListener::bind(dead.join(CONTROL)).unwrap());
        let _serving = UnixListener::bind(live.join(CONTROL)).unwrap();
        age(&dead);
        age(&live);
        sweep_below(base.path());
        assert!(!dead.exists());
        assert!(live.exists());
    }

    #[test]
    fn other_folders_stay() {
        let base = tempfile::tempdir().unwrap();
        let [other, own, empty] =
            ["other", "keystay-backup", "keystay-empty"].map(|name| base.path().join(name));
        for folder in [&other, &own, &empty] {
            fs::create_dir(folder).unwrap();
        }
        fs::write(own.join("file"), "").unwrap();
        for folder in [&other, &own, &empty] {
            age(folder);
        }
        sweep_below(base.path());
        assert!(other.exists() && own.join("file").exists());
        assert!(!empty.exists());
    }
}
