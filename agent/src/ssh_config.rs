//! What the user's `ssh_config` says about hosts (`ssh_config(5)`).

use std::path::PathBuf;

/// The configuration, read when it is first asked.
#[derive(Debug)]
pub(crate) struct SshConfig {
    home: PathBuf,
}

impl SshConfig {
    /// The configuration of the user with this home, and then the system's.
    pub(crate) fn of_user(home: PathBuf) -> Self {
        Self { home }
    }

    /// No configuration.
    pub(crate) fn none() -> Self {
        Self {
            home: PathBuf::new(),
        }
    }
}
