//! A secret in an image that is none of the build's.

use std::{collections::HashSet, fmt};

use super::{finding::Spot, others::Kind};

/// Another private key, or a token, in an image, and where. No text of it holds a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning {
    /// Where.
    pub spot: Spot,
    /// What.
    pub kind: Kind,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.spot, self.kind)
    }
}

/// Each once: secrets first, then keys that everybody knows; the lowest layer first; as many as are told.
pub(crate) fn in_order(mut warnings: Vec<Warning>) -> Vec<Warning> {
    let mut seen = HashSet::new();
    warnings.retain(|warning| seen.insert((warning.spot.without_offset(), warning.kind)));
    warnings.sort_by_key(|warning| {
        let layer = warning.spot.layer.unwrap_or(usize::MAX);
        (!warning.kind.is_secret(), layer)
    });
    warnings.truncate(MOST);
    warnings
}

/// Of one image.
const MOST: usize = 1_000;
