//! What a grant was used for.

use serde::{Deserialize, Serialize};

use super::{GrantId, Reason};
use crate::Fingerprint;

/// What a grant was used for so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct GrantReport {
    /// The grant.
    pub id: GrantId,
    /// Signatures that left.
    pub signatures: u32,
    /// The keys that signed.
    pub keys: Vec<KeyUse>,
    /// The hosts that were logged in to.
    pub hosts: Vec<HostUse>,
    /// What was refused.
    pub refusals: Vec<Refusal>,
    /// What went wrong on this side.
    pub faults: Vec<Fault>,
}

/// How often a key signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyUse {
    /// The key.
    pub fingerprint: Fingerprint,
    /// How often.
    pub count: u32,
}

/// How often a host was logged in to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostUse {
    /// The host, or nothing where the login does not show it.
    pub host: Option<String>,
    /// How often.
    pub count: u32,
}

/// How often requests were refused for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refusal {
    /// The reason.
    pub reason: Reason,
    /// How often.
    pub count: u32,
    /// What the first of them was: a message name, a user, a host. Text of the outside, made
    /// printable.
    pub detail: Option<String>,
}

/// Something that went wrong outside the build and cost it a signature.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// The audit log cannot be written; nothing is signed.
    AuditUnwritable(String),
    /// The upstream agent does not answer or does not sign.
    UpstreamAgent(String),
}
