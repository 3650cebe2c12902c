//! What the user's `ssh_config` says about reaching hosts (`ssh_config(5)`).
//!
//! Read are `HostName`, `Port`, `User`, `IdentityFile`, `IdentitiesOnly`, `ProxyJump`, `HostKeyAlias`,
//! and that there is a `ProxyCommand`, under `Host`, `Match all`, `Match host`, `Match originalhost`
//! and `Include`. Blocks under any other `Match` are left out and noted; other keywords are ignored.

mod directive;
mod expand;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod host;
mod identities;
mod load;
mod words;

use std::{
    path::{Path, PathBuf},
    sync::OnceLock,
};

pub(crate) use directive::Jump;
pub(crate) use expand::Tokens;
pub(crate) use host::HostConfig;

use self::load::Files;

/// The configuration of a user. Its files are read when it is first asked.
#[derive(Debug)]
pub(crate) struct SshConfig {
    home: PathBuf,
    roots: Vec<PathBuf>,
    files: OnceLock<Files>,
}

impl SshConfig {
    /// The configuration of the user with this home, and then the system's.
    pub(crate) fn of_user(home: PathBuf) -> Self {
        let roots = vec![home.join(".ssh/config"), PathBuf::from(SYSTEM)];
        Self::of_files(home, roots)
    }

    /// The configuration in these files; a value of an earlier one wins.
    pub(crate) fn of_files(home: PathBuf, roots: Vec<PathBuf>) -> Self {
        let files = OnceLock::new();
        Self { home, roots, files }
    }

    /// No configuration.
    #[cfg(test)]
    pub(crate) fn none() -> Self {
        Self::of_files(PathBuf::new(), Vec::new())
    }

    /// What it says about a host, as the host was written.
    pub(crate) fn host(&self, name: &str) -> HostConfig {
        let mut host = HostConfig::new(name);
        for file in &self.files().roots {
            host.apply(file);
        }
        host
    }

    /// What was left out, a sentence each.
    pub(crate) fn notes(&self) -> &[String] {
        &self.files().notes
    }

    /// The files that there are, those that others include among them.
    pub(crate) fn paths(&self) -> &[PathBuf] {
        &self.files().paths
    }

    /// The user's home.
    pub(crate) fn home(&self) -> &Path {
        &self.home
    }

    fn files(&self) -> &Files {
        self.files
            .get_or_init(|| Files::load(&self.home, &self.roots))
    }
}

const SYSTEM: &str = "/etc/ssh/ssh_config";

#[cfg(test)]
mod tests;
