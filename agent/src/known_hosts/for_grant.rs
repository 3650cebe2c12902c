//! What a build is told of the known hosts.

use keystay_proto::control::Hosts;

use super::{
    KnownHosts,
    names::{Digest, Names},
};

impl KnownHosts {
    /// The lines that a build needs to check its hosts by itself, as `/etc/ssh/ssh_known_hosts`.
    ///
    /// Names are told by their hashes, each with a salt of its own, so that a build learns no name
    /// that it did not know. For a grant of named hosts, these are all that is told of, whichever
    /// names and patterns the lines have. For a grant of every known host, lines with patterns are
    /// told as they are, since patterns cannot be hashed, and hashed ones likewise.
    pub(crate) fn for_grant(&self, granted: &Hosts, mut salt: impl FnMut() -> Digest) -> String {
        let lines = self.entries.iter().flat_map(|entry| {
            let told = told(&entry.names, granted, &mut salt).into_iter();
            told.map(|names| entry.line(&names))
        });
        lines.collect()
    }
}

fn told(names: &Names, granted: &Hosts, mut salt: impl FnMut() -> Digest) -> Vec<Names> {
    let mut hashed = |host: &str| Names::hashed(host, salt());
    match granted {
        Hosts::Only(hosts) => hosts
            .iter()
            .filter(|host| names.matches(host))
            .map(|host| hashed(host))
            .collect(),
        Hosts::Known if names.is_plain() => names.plain().map(hashed).collect(),
        Hosts::Known => vec![names.clone()],
    }
}
