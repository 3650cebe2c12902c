//! Destinations of a key, kept.

use keystay_proto::agent;

use crate::known_hosts::{certifies, is_match};

/// See [`agent::Destination`].
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    from: Hop,
    to: Hop,
}

#[derive(Clone, Debug)]
struct Hop {
    user: Vec<u8>,
    host: Vec<u8>,
    keys: Vec<HopKey>,
}

#[derive(Clone, Debug)]
struct HopKey {
    blob: Vec<u8>,
    is_authority: bool,
}

impl Destination {
    /// Whether it begins at the host of this key; nothing is the agent's own machine.
    pub(super) fn comes_from(&self, host_key: Option<&[u8]>) -> bool {
        host_key.map_or(self.from.host.is_empty(), |key| self.from.is_host_of(key))
    }

    /// Whether it leads to the host of this key, for this user where one logs in.
    pub(super) fn goes_to(&self, host_key: &[u8], user: Option<&[u8]>) -> bool {
        self.to.is_host_of(host_key)
            && (self.to.user.is_empty() || user.is_none_or(|user| is_match(&self.to.user, user)))
    }
}

impl Hop {
    fn is_host_of(&self, host_key: &[u8]) -> bool {
        self.keys.iter().any(|key| {
            if key.is_authority {
                certifies(host_key, &key.blob, &self.host)
            } else {
                key.blob == host_key
            }
        })
    }
}

impl From<&agent::Destination<'_>> for Destination {
    fn from(destination: &agent::Destination<'_>) -> Self {
        Self {
            from: Hop::from(&destination.from),
            to: Hop::from(&destination.to),
        }
    }
}

impl From<&agent::Hop<'_>> for Hop {
    fn from(hop: &agent::Hop<'_>) -> Self {
        let key = |key: &agent::HopKey<'_>| HopKey {
            blob: key.blob.to_vec(),
            is_authority: key.is_authority,
        };
        Self {
            user: hop.user.to_vec(),
            host: hop.host.to_vec(),
            keys: hop.keys.iter().map(key).collect(),
        }
    }
}
