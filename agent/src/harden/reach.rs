//! Which files an agent needs once it serves.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// The files that a process or a thread may still open. What is open already stays so.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reach {
    /// Files, and folders with all below them, that are read.
    pub(crate) read: Vec<PathBuf>,
    /// Folders in which files are made, written, renamed and removed.
    pub(crate) write: Vec<PathBuf>,
    /// Folders that what is made below them goes from again, folders included.
    pub(crate) clear: Vec<PathBuf>,
    /// Devices and other files that are written, and never made.
    pub(crate) devices: Vec<PathBuf>,
}

impl Reach {
    /// What the audit log's writer needs.
    pub(crate) fn of_audit(log: &Path) -> Self {
        Self {
            write: log.parent().map(Path::to_owned).into_iter().collect(),
            ..Self::default()
        }
    }

    /// What a thread needs that opens no file but the one that swallows everything.
    pub(crate) fn nothing() -> Self {
        Self {
            devices: vec![PathBuf::from("/dev/null")],
            ..Self::default()
        }
    }

    /// What a private agent needs that has read its keys and settings: the folder of its sockets,
    /// the user's public keys and the folders of others, and what the C library reads to look up a host's name.
    pub(crate) fn of_build(folder: &Path, home: &Path, identities: Vec<PathBuf>) -> Self {
        let system = SYSTEM.into_iter().map(PathBuf::from);
        let own = [home.join(".ssh")].into_iter();
        let resolver = real_folder(Path::new("/etc/resolv.conf")).into_iter();
        Self {
            read: (system.chain(own).chain(resolver).chain(identities)).collect(),
            write: vec![folder.to_owned()],
            clear: folder.parent().map(Path::to_owned).into_iter().collect(),
            devices: vec![PathBuf::from("/dev/null")],
        }
    }

    /// The same for an agent that reads these files again, which may be links, and removes these sockets
    /// when it ends.
    pub(crate) fn lasting<'a>(
        mut self,
        files: impl IntoIterator<Item = &'a PathBuf>,
        sockets: impl IntoIterator<Item = &'a PathBuf>,
    ) -> Self {
        let files = files.into_iter();
        self.read.extend(files.filter_map(|file| real_folder(file)));
        let sockets = sockets.into_iter();
        self.clear
            .extend(sockets.filter_map(|socket| real_folder(socket)));
        self
    }
}

/// The folder of the file that a link stands for.
fn real_folder(file: &Path) -> Option<PathBuf> {
    fs::canonicalize(file).ok()?.parent().map(Path::to_owned)
}

/// Names of hosts are looked up by what stands here, in libraries that are loaded when they are needed.
const SYSTEM: [&str; 11] = [
    "/etc",
    "/lib",
    "/lib64",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
    "/nix/store",
    "/gnu/store",
    "/run/systemd/resolve",
    "/var/lib/sss",
    "/dev/urandom",
];
