//! Where a host is.

use std::{env, fmt, path::PathBuf};

use crate::ssh_config::{HostConfig, Jump, SshConfig, Tokens};

/// Where a host is, and what `ssh_config` says about reaching it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    /// The name or address to connect to.
    pub(crate) host: String,
    /// The port to connect to.
    pub(crate) port: u16,
    /// What `known_hosts` calls it: `name`, or `[name]:port` for another port than 22.
    pub(crate) name: String,
    /// The login name for a build that names none.
    pub(crate) user: Option<String>,
    /// The files of the keys that are meant for it.
    pub(super) identities: Vec<PathBuf>,
    /// Whether no other keys are.
    pub(super) identities_only: bool,
    /// The hosts on the way, nearest first.
    pub(super) jumps: Vec<Self>,
    /// An option for it that is not supported.
    pub(super) unsupported: Option<&'static str>,
}

impl Target {
    /// Where `ssh_config` says that `host` is. Port 22 stands for no port.
    pub(super) fn resolve(config: &SshConfig, host: &str, port: u16) -> Self {
        let given = Some(port).filter(|port| *port != SSH_PORT);
        Self::resolve_hop(config, host, given, 0)
    }

    fn resolve_hop(config: &SshConfig, host: &str, port: Option<u16>, depth: usize) -> Self {
        let found = config.host(host);
        let port = port.or(found.port).unwrap_or(SSH_PORT);
        let host_name = found.host_name();
        let alias = found.host_key_alias.clone();
        let mut target = Self {
            name: alias.unwrap_or_else(|| known_name(&host_name, port)),
            identities: identities(config, &found, host, &host_name, port),
            identities_only: found.identities_only(),
            user: found.user.clone(),
            host: host_name,
            port,
            jumps: Vec::new(),
            unsupported: found.has_proxy_command().then_some("a ProxyCommand"),
        };
        target.find_way(config, found.jumps(), depth);
        target
    }

    /// The hosts on the way; the first of them may itself have some before it.
    fn find_way(&mut self, config: &SshConfig, jumps: &[Jump], depth: usize) {
        if jumps.len().saturating_add(depth) > MAX_JUMPS {
            self.unsupported = Some(TOO_MANY_JUMPS);
            return;
        }
        for jump in jumps {
            let depth = depth.saturating_add(jumps.len());
            let mut hop = Self::resolve_hop(config, &jump.host, jump.port, depth);
            hop.user = jump.user.clone().or(hop.user).or_else(local_user);
            if (&hop.host, hop.port) == (&self.host, self.port) {
                continue;
            }
            let before = std::mem::take(&mut hop.jumps);
            self.unsupported = self.unsupported.or(hop.unsupported);
            if self.jumps.is_empty() {
                self.jumps = before;
            }
            self.jumps.push(hop);
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

fn identities(
    config: &SshConfig,
    found: &HostConfig,
    original: &str,
    host: &str,
    port: u16,
) -> Vec<PathBuf> {
    let (port, local_user) = (port.to_string(), local_user().unwrap_or_default());
    let tokens = Tokens {
        host,
        original,
        port: &port,
        user: found.user.as_deref().unwrap_or_default(),
        local_user: &local_user,
        home: config.home().to_str().unwrap_or_default(),
    };
    let files = found.identity_files.iter();
    files.filter_map(|file| tokens.path(file)).collect()
}

/// A host as `known_hosts` names it.
fn known_name(host: &str, port: u16) -> String {
    match port {
        SSH_PORT => host.to_owned(),
        port => format!("[{host}]:{port}"),
    }
}

/// The login name here.
fn local_user() -> Option<String> {
    let names = ["USER", "LOGNAME"].into_iter();
    let mut names = names.filter_map(|name| env::var(name).ok());
    names.find(|name| !name.is_empty())
}

const SSH_PORT: u16 = 22;
const MAX_JUMPS: usize = 4;
const TOO_MANY_JUMPS: &str = "a ProxyJump over more than 4 hosts";
