//! Whether a host is who it says it is.

use keystay_proto::algorithm;

use super::{
    KnownHosts,
    entry::{Entry, Marker},
};

/// What is known about the key that a host showed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Check {
    /// It is one of the host's keys.
    Match,
    /// No key of the host is known.
    Unknown,
    /// The host is known by other keys.
    Changed {
        /// Where one of them stands, a file and a line; of its own type if there is one.
        known: String,
    },
    /// The host must not be accepted with it.
    Revoked {
        /// Where that stands: a file and a line.
        known: String,
    },
}

impl KnownHosts {
    /// What is known about `key` as the key of `host`: `name`, or `[name]:port` for another port
    /// than 22. A host of which nothing is known on its port is looked up without it, as OpenSSH
    /// does; that can make a match and no change.
    pub(crate) fn check(&self, host: &str, key: &[u8]) -> Check {
        let mut revoked = names(host).flat_map(|name| self.about(name, Marker::Revoked));
        if let Some(line) = revoked.find(|line| line.key == key) {
            let known = line.told_place();
            return Check::Revoked { known };
        }
        for name in names(host) {
            let lines: Vec<_> = self.about(name, Marker::Host).collect();
            if lines.iter().any(|line| line.key == key) {
                return Check::Match;
            }
            let same = lines
                .iter()
                .find(|line| algorithm(&line.key) == algorithm(key));
            if let Some(line) = same.or_else(|| lines.first()).filter(|_| name == host) {
                let known = line.told_place();
                return Check::Changed { known };
            }
        }
        Check::Unknown
    }

    /// The types of the keys that are known of `host`, each once; see [`Self::check`].
    pub(crate) fn key_types(&self, host: &str) -> Vec<&str> {
        for name in names(host) {
            let mut types: Vec<&str> = Vec::new();
            for kind in (self.about(name, Marker::Host)).filter_map(|line| algorithm(&line.key)) {
                if !types.contains(&kind) {
                    types.push(kind);
                }
            }
            if !types.is_empty() {
                return types;
            }
        }
        Vec::new()
    }

    fn about(&self, host: &str, marker: Marker) -> impl Iterator<Item = &Entry> {
        self.entries
            .iter()
            .filter(move |line| line.marker == marker && line.names.matches(host))
    }
}

/// The names that a host is looked up by.
fn names(host: &str) -> impl Iterator<Item = &str> {
    let bracketed = host.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    [Some(host), bracketed.map(|(name, _)| name)]
        .into_iter()
        .flatten()
}
