//! The known place of the running agent's control socket.

use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::{
        fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _},
        net::{UnixListener, UnixStream},
    },
    path::{Path, PathBuf},
};

use listenfd::ListenFd;
use rustix::process::geteuid;

use crate::listener::Listener;

/// The socket at the known place, and what keeps other agents from it.
#[derive(Debug)]
pub(crate) struct Place {
    /// The socket.
    pub(crate) listener: Listener,
    /// Locked while the agent runs, also when it is killed: what else is at the place is stale.
    pub(crate) claim: File,
}

/// Why the place cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PlaceError {
    #[error("another agent runs already, at {}", _0.display())]
    Taken(PathBuf),
    #[error("{} is open to others, or not a folder of yours", _0.display())]
    Open(PathBuf),
    #[error("{}: {source}", path.display())]
    System { path: PathBuf, source: io::Error },
    #[error("the socket that the service manager passed: {0}")]
    Passed(#[source] io::Error),
}

/// The socket that a service manager passed (`sd_listen_fds(3)`: `LISTEN_FDS`, and `LISTEN_PID` is this
/// process).
pub(crate) fn passed() -> Result<Option<UnixListener>, PlaceError> {
    (ListenFd::from_env().take_unix_listener(0)).map_err(PlaceError::Passed)
}

impl Place {
    /// The socket that was passed, or a new one at this path.
    pub(crate) fn claim(path: &Path, passed: Option<UnixListener>) -> Result<Self, PlaceError> {
        let folder = path.parent().unwrap_or(path);
        let failed = |source| PlaceError::System {
            path: path.to_owned(),
            source,
        };
        private(folder)?;
        let claim = File::create(folder.join("lock")).map_err(failed)?;
        (claim.try_lock()).map_err(|_| PlaceError::Taken(path.to_owned()))?;
        if let Some(socket) = passed {
            return Ok(Self {
                listener: Listener::passed(socket).map_err(PlaceError::Passed)?,
                claim,
            });
        }
        // A service manager listens there, and would start an agent.
        if UnixStream::connect(path).is_ok() {
            return Err(PlaceError::Taken(path.to_owned()));
        }
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        Ok(Self {
            listener: Listener::bind(path).map_err(failed)?,
            claim,
        })
    }
}

/// Makes the folder, and checks one that is there.
fn private(folder: &Path) -> Result<(), PlaceError> {
    let failed = |source| PlaceError::System {
        path: folder.to_owned(),
        source,
    };
    let made = DirBuilder::new().mode(0o700).recursive(true).create(folder);
    made.map_err(failed)?;
    let found = fs::symlink_metadata(folder).map_err(failed)?;
    let is_ours = found.is_dir() && found.uid() == geteuid().as_raw();
    if is_ours && found.permissions().mode().trailing_zeros() >= 6 {
        return Ok(());
    }
    Err(PlaceError::Open(folder.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::fs::Permissions;

    use super::*;

    #[tokio::test]
    async fn one_agent_has_the_place_and_a_killed_one_leaves_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keystay/control");
        let first = Place::claim(&path, None).unwrap();
        let error = Place::claim(&path, None).unwrap_err();
        assert!(matches!(error, PlaceError::Taken(_)), "{error}");
        drop(first);
        assert!(!path.exists());
        // A killed agent leaves its file.
        drop(UnixListener::bind(&path).unwrap());
        Place::claim(&path, None).unwrap();
    }

    #[tokio::test]
    async fn a_folder_that_others_may_enter_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), Permissions::from_mode(0o710)).unwrap();
        let error = Place::claim(&folder.path().join("control"), None).unwrap_err();
        assert!(matches!(error, PlaceError::Open(_)), "{error}");
        let link = tempfile::tempdir().unwrap();
        let path = link.path().join("keystay");
        std::os::unix::fs::symlink(link.path(), &path).unwrap();
        let error = Place::claim(&path.join("control"), None).unwrap_err();
        assert!(matches!(error, PlaceError::Open(_)), "{error}");
    }
}
