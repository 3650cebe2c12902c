//! Where the lab keeps everything.

use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::LabError;

/// The lab's folder and the places in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Paths {
    root: PathBuf,
}

impl Paths {
    /// The folder named by `KEYSTAY_LAB`, or the machine's one.
    pub(super) fn find() -> Result<Self, LabError> {
        let named = std::env::var_os("KEYSTAY_LAB").filter(|value| !value.is_empty());
        Self::at(&named.map_or_else(|| PathBuf::from(DEFAULT), PathBuf::from))
    }

    fn at(root: &Path) -> Result<Self, LabError> {
        let root = std::path::absolute(root).map_err(LabError::file("name", root))?;
        if root.as_os_str().as_bytes().len() > LONGEST {
            return Err(LabError::LongPath {
                path: root,
                max: LONGEST,
            });
        }
        Ok(Self { root })
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.root.join("lock")
    }

    pub(super) fn log(&self, name: &str) -> PathBuf {
        self.root.join("log").join(format!("{name}.log"))
    }

    pub(super) fn pid(&self, name: &str) -> PathBuf {
        self.root.join("pid").join(name)
    }

    pub(super) fn stamp(&self, name: &str) -> PathBuf {
        self.root.join("stamp").join(name)
    }

    pub(super) fn engine(&self, name: &str) -> PathBuf {
        self.root.join("engine").join(name)
    }

    pub(super) fn apt(&self, suite: &str) -> PathBuf {
        self.root.join("apt").join(suite)
    }

    pub(super) fn images(&self) -> PathBuf {
        self.root.join("image")
    }

    /// The Debian root folder that becomes the base image and then the git hosts' root.
    pub(super) fn debian(&self) -> PathBuf {
        self.root.join("debian")
    }

    pub(super) fn keys(&self) -> PathBuf {
        self.root.join("key")
    }

    pub(super) fn known_hosts(&self) -> PathBuf {
        self.root.join("known_hosts")
    }

    /// An empty home for programs that would read the real one.
    pub(super) fn home(&self) -> PathBuf {
        self.root.join("home")
    }
}

const DEFAULT: &str = "/var/lib/keystay-lab";

/// A socket address holds 107 bytes (`unix(7)`), and the deepest socket stands 58 bytes below.
const LONGEST: usize = 49;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_too_deep_for_sockets_is_refused() {
        let deep = PathBuf::from(format!("/{}", "d".repeat(LONGEST)));
        assert!(matches!(Paths::at(&deep), Err(LabError::LongPath { .. })));
    }

    #[test]
    fn every_socket_of_the_longest_folder_fits_an_address() {
        let root = PathBuf::from(format!("/{}", "d".repeat(LONGEST - 1)));
        let engine = Paths::at(&root).unwrap().engine("docker-20.10");
        let deepest = engine.join("exec/containerd/containerd-debug.sock");
        assert!(
            deepest.as_os_str().len() <= 107,
            "{}",
            deepest.as_os_str().len()
        );
    }
}
