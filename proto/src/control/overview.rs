//! What the agent tells of its grants, and of a reload.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{GrantId, Hosts, Mode, Repos};
use crate::Fingerprint;

/// One grant of the agent, in a list of all.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantInfo {
    /// Its name.
    pub id: GrantId,
    /// The build's name; text of the outside.
    pub build: String,
    /// How the build reaches its repositories.
    pub mode: Mode,
    /// Whether it can be used.
    pub state: GrantState,
    /// The keys it holds.
    pub keys: Vec<Fingerprint>,
    /// Its hosts.
    pub hosts: Hosts,
    /// Its repositories, in fetch mode.
    pub repos: Repos,
    /// How many signatures it may obtain.
    pub signatures: u32,
    /// Signatures that were taken from that.
    pub signed: u32,
    /// Requests that were refused.
    pub refused: u32,
    /// The time until it expires, in seconds.
    pub expires_in: u64,
}

/// Whether a grant can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GrantState {
    /// It can.
    Live,
    /// It is past its expiry.
    Expired,
    /// It was revoked.
    Revoked,
}

impl fmt::Display for GrantState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Live => "live",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
        })
    }
}

/// What came of reading the settings of hosts again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// What was left out of the files, and why, a sentence each.
    pub notes: Vec<String>,
}
