//! Whether a host is who it says it is.

use keystay_proto::algorithm;

use super::{
    KnownHosts, ShownKey,
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
    /// What is known about a key as the key of `host`: `name`, or `[name]:port` for another port
    /// than 22. A host of which nothing is known on its port is looked up without it, as OpenSSH
    /// does; that can make a match and no change.
    pub(crate) fn check(&self, host: &str, shown: &ShownKey) -> Check {
        let mut revoked = self.revoking(shown);
        let about = |line: &&Entry| lookup_names(host).any(|name| line.names.matches(name));
        if let Some(line) = revoked.find(about) {
            let known = line.told_place();
            return Check::Revoked { known };
        }
        if self.is_vouched_for(shown, host) {
            return Check::Match;
        }
        let key = shown.plain();
        for name in lookup_names(host) {
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

    /// Whether there is anything by which the host can be known: a key of it, or an authority.
    pub(crate) fn is_known(&self, host: &str) -> bool {
        !self.key_types(host).is_empty() || self.has_authority(host)
    }

    /// Whether a certificate of some authority would be taken from `host`.
    pub(crate) fn has_authority(&self, host: &str) -> bool {
        let mut names = lookup_names(host);
        names.any(|name| self.about(name, Marker::CertAuthority).next().is_some())
    }

    /// The types of the keys that are known of `host`, each once; see [`Self::check`].
    pub(crate) fn key_types(&self, host: &str) -> Vec<&str> {
        for name in lookup_names(host) {
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
pub(super) fn lookup_names(host: &str) -> impl Iterator<Item = &str> {
    let bracketed = host.strip_prefix('[').and_then(|rest| rest.split_once(']'));
    [Some(host), bracketed.map(|(name, _)| name)]
        .into_iter()
        .flatten()
}
