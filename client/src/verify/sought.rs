//! What a search looks for.

use keystay_proto::control::KeyInfo;

/// The keys of a search, and for each of them how it is looked for. Two searches with the same of
/// these find the same in the same bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    text: String,
}

impl Sought {
    /// These keys, in any order; nothing for none.
    #[must_use]
    pub fn new(keys: &[KeyInfo]) -> Option<Self> {
        let line = |key: &KeyInfo| {
            let how = if key.searchable { "whole" } else { "locked" };
            format!("{how} {}\n", key.fingerprint)
        };
        let mut lines: Vec<String> = keys.iter().map(line).collect();
        lines.sort_unstable();
        lines.dedup();
        (!lines.is_empty()).then(|| Self {
            text: lines.concat(),
        })
    }

    /// A line for each key.
    pub(super) fn text(&self) -> &str {
        &self.text
    }
}

#[cfg(test)]
pub(super) fn sought(keys: &[(&[u8], bool)]) -> Option<Sought> {
    let key = |&(name, searchable): &(&[u8], bool)| KeyInfo {
        fingerprint: keystay_proto::Fingerprint::of(name),
        algorithm: "ssh-ed25519".to_owned(),
        comment: String::new(),
        source: "agent".to_owned(),
        searchable,
    };
    Sought::new(&keys.iter().map(key).collect::<Vec<_>>())
}
