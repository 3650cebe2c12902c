//! Reading the settings of hosts again.

use std::{path::PathBuf, sync::Arc};

use keystay_proto::control::{Mode, Reloaded};

use super::Control;
use crate::{grant::Shared, known_hosts::KnownHosts, ssh_config::SshConfig};

/// The files that say which hosts there are.
#[derive(Clone, Debug)]
pub(crate) struct HostFiles {
    /// Where verified host keys are listed.
    pub(crate) known_hosts: Vec<PathBuf>,
    /// The user's home, where the settings for hosts are.
    pub(crate) home: PathBuf,
}

impl HostFiles {
    /// What they say now.
    pub(crate) fn read(&self) -> (Arc<KnownHosts>, Arc<SshConfig>) {
        let known_hosts = KnownHosts::load(&self.known_hosts).with_builtin();
        let ssh_config = SshConfig::of_user(self.home.clone());
        (Arc::new(known_hosts), Arc::new(ssh_config))
    }
}

impl Control {
    /// Reads host keys and settings again, for grants that are opened later.
    pub(crate) fn reload(&self) -> Reloaded {
        let (known_hosts, ssh_config) = self.hosts.read();
        let shared = Shared {
            known_hosts,
            ssh_config,
            ..self.grants.shared()
        };
        self.grants.replace(shared);
        Reloaded {
            notes: self.grants.notes(Mode::Fetch),
        }
    }
}
