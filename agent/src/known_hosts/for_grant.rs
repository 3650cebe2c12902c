//! What a build is told of the known hosts.

use keystay_proto::control::Hosts;

use super::{
    KnownHosts,
    check::lookup_names,
    entry::{Entry, Marker},
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
            let told = told(entry, granted, &mut salt).into_iter();
            told.map(|names| entry.line(&names))
        });
        lines.collect()
    }
}

fn told(entry: &Entry, granted: &Hosts, mut salt: impl FnMut() -> Digest) -> Vec<Names> {
    let names = &entry.names;
    let hashed = |host: &str| Names::hashed(host, salt());
    match granted {
        Hosts::Only(hosts) => {
            let asked = hosts.iter().flat_map(|host| asked(entry.marker, host));
            let mut told: Vec<_> = asked.filter(|host| names.matches(host)).collect();
            told.sort_unstable();
            told.dedup();
            told.into_iter().map(hashed).collect()
        }
        Hosts::Known if names.is_plain() => names.plain().map(hashed).collect(),
        Hosts::Known => vec![names.clone()],
    }
}

/// The names that a line is asked for about a granted host. An authority's line, or a revocation, counts
/// for every port if it names none; a key that is known without the port is not the granted host's.
fn asked(marker: Marker, host: &str) -> impl Iterator<Item = &str> {
    let count = if marker == Marker::Host {
        1
    } else {
        usize::MAX
    };
    lookup_names(host).take(count)
}
