//! What a grant was used for.

use std::fmt;

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
    /// The repositories that were fetched from, in the order of their names.
    #[serde(default)]
    pub fetches: Vec<FetchUse>,
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

/// What was fetched from a repository.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FetchUse {
    /// The repository: `HOST[:PORT]/PATH`, made printable.
    pub repository: String,
    /// The key that opened it.
    pub key: Option<Fingerprint>,
    /// How often.
    pub count: u32,
    /// The commits that were wanted, in hexadecimal digits; at most 64.
    pub commits: Vec<String>,
    /// The refs that were wanted by name (`want-ref`), made printable; at most 16.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub refs: Vec<String>,
    /// How many wants are not among those; one that git repeats counts each time.
    #[serde(skip_serializing_if = "super::record::is_zero", default)]
    pub other_wants: u64,
    /// How many bytes came from the host.
    pub bytes: u64,
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
    /// A host showed another key than the known one; nothing was fetched from it.
    HostKeyChanged {
        /// The host.
        host: String,
        /// Where the known key stands: a file and a line.
        known: String,
    },
    /// An allowed fetch could not be done.
    Fetch {
        /// The repository.
        repository: String,
        /// Why: one printable fragment of a sentence.
        why: String,
    },
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AuditUnwritable(why) | Self::UpstreamAgent(why) => f.write_str(why),
            Self::HostKeyChanged { host, known } => {
                write!(f, "{host} showed another key than {known} knows")
            }
            Self::Fetch { repository, why } => write!(f, "{repository}: {why}"),
        }
    }
}
