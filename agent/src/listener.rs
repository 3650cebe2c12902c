//! Unix sockets that only their owner can use.

use std::{io, path::Path, time::Duration};

use rustix::{
    fs::Mode,
    process::{Resource, geteuid, getrlimit, umask},
};
use tokio::{
    net::{UnixListener, UnixStream},
    time::sleep,
};
use tracing::warn;

/// A listening socket whose peers are checked. Its file goes when it is dropped.
#[derive(Debug)]
pub(crate) struct Listener {
    inner: UnixListener,
    /// The file to remove; none for a socket that others made.
    path: Option<std::path::PathBuf>,
}

impl Listener {
    /// Binds a new socket. The folder must be private to the user, which keeps others out between
    /// bind and the first peer check.
    pub(crate) fn bind(path: &Path) -> io::Result<Self> {
        Ok(Self {
            inner: UnixListener::bind(path)?,
            path: Some(path.to_owned()),
        })
    }

    /// Binds a new socket that nobody else can use, wherever it is.
    pub(crate) fn bind_private(path: &Path) -> io::Result<Self> {
        let before = umask(Mode::from_raw_mode(0o177));
        let listener = Self::bind(path);
        umask(before);
        listener
    }

    /// A socket that a service manager made. Its file is the manager's: it outlives the agent, so
    /// that clients wait while the agent is restarted.
    pub(crate) fn passed(socket: std::os::unix::net::UnixListener) -> io::Result<Self> {
        socket.set_nonblocking(true)?;
        Ok(Self {
            inner: UnixListener::from_std(socket)?,
            path: None,
        })
    }

    /// The next connection of this user or of root.
    ///
    /// Running out of descriptors or memory delays accepting, and never ends it.
    pub(crate) async fn accept(&self) -> UnixStream {
        loop {
            match self.inner.accept().await {
                Ok((stream, _)) if peer_is_allowed(&stream) => return stream,
                Ok(_) => warn!("a connection of another user was closed"),
                Err(error) if error.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(error) => {
                    warn!(%error, "cannot accept a connection");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Nothing is left to be done if the folder is gone already.
        if let Some(path) = &self.path {
            let _ = std::fs::remove_file(path);
        }
    }
}

/// How many connections one socket may have open: this many, and a quarter of the process's
/// descriptors at most, so that a flood of one socket leaves the others theirs.
pub(crate) fn share(connections: usize) -> usize {
    let descriptors = getrlimit(Resource::Nofile).current;
    let quarter = descriptors.map_or(u64::MAX, |descriptors| descriptors / 4);
    connections.min(usize::try_from(quarter).unwrap_or(usize::MAX))
}

fn peer_is_allowed(stream: &UnixStream) -> bool {
    (stream.peer_cred()).is_ok_and(|peer| peer.uid() == geteuid().as_raw() || peer.uid() == 0)
}

/// How long accepting rests when the system is out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[tokio::test]
    async fn the_socket_file_goes_with_the_listener() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let listener = Listener::bind(&path).unwrap();
        assert!(path.exists());
        drop(listener);
        assert!(!path.exists());
    }

    #[tokio::test]
    async fn an_existing_path_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        std::fs::write(&path, "").unwrap();
        assert_eq!(
            Listener::bind(&path).unwrap_err().kind(),
            io::ErrorKind::AddrInUse
        );
    }

    #[tokio::test]
    async fn another_user_is_not_served() {
        if !geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        let listener = Listener::bind(&path).unwrap();
        for open in [folder.path(), path.as_path()] {
            std::fs::set_permissions(open, std::fs::Permissions::from_mode(0o777)).unwrap();
        }
        let mut stranger = std::process::Command::new("setpriv")
            .args(["--reuid=65534", "--clear-groups", "--", "sh", "-c"])
            .arg(format!("exec python3 -c 'import socket;s=socket.socket(socket.AF_UNIX);s.connect(\"{}\");print(len(s.recv(1)))'", path.display()))
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let served = tokio::time::timeout(Duration::from_secs(5), listener.accept()).await;
        let _ = stranger.kill();
        let _ = stranger.wait();
        // Root may connect to anybody's agent, and nobody else to root's.
        assert!(served.is_err(), "a stranger was served");
    }
}
