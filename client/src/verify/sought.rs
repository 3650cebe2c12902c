//! What a search looks for.

use keystay_proto::control::{Grant, KeyInfo};

/// The keys of a search, for each of them how it is looked for, and what the agent searches with. Two
/// searches with the same of these find the same in the same bytes.
///
/// Keys go by the fingerprints of their public halves, which tell nothing of what is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    text: String,
}

impl Sought {
    /// The keys of a grant, in any order; nothing for none.
    #[must_use]
    pub fn new(grant: &Grant) -> Option<Self> {
        let line = |key: &KeyInfo| {
            let how = if key.searchable { "whole" } else { "locked" };
            format!("{how} {}\n", key.fingerprint)
        };
        let mut lines: Vec<String> = grant.keys.iter().map(line).collect();
        lines.sort_unstable();
        lines.dedup();
        (!lines.is_empty()).then(|| Self {
            text: format!("agent {:?}\n{}", grant.search, lines.concat()),
        })
    }

    /// A line for the agent, and one for each key.
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
pub(super) fn sought(keys: &[(&[u8], bool)]) -> Option<Sought> {
    sought_with("1", keys)
}

#[cfg(test)]
pub(super) fn sought_with(search: &str, keys: &[(&[u8], bool)]) -> Option<Sought> {
    let key = |&(name, searchable): &(&[u8], bool)| KeyInfo {
        fingerprint: keystay_proto::Fingerprint::of(name),
        algorithm: "ssh-ed25519".to_owned(),
        comment: String::new(),
        source: "agent".to_owned(),
        searchable,
    };
    Sought::new(&Grant {
        id: keystay_proto::control::GrantId::from_random([0; 8]),
        socket: std::path::PathBuf::new(),
        keys: keys.iter().map(key).collect(),
        known_hosts: String::new(),
        notes: Vec::new(),
        search: search.to_owned(),
    })
}
