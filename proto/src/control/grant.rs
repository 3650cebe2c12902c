//! Grants: one build's permission.

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Fingerprint, git::RepoPattern};

/// What a build asks for. The agent answers with a [`Grant`] that holds no more than this.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantSpec {
    /// A name for the build in records, chosen by the client: its tag or its context. Text of the
    /// outside; at most 256 characters are kept.
    pub build: String,
    /// How the build reaches its repositories.
    pub mode: Mode,
    /// The keys it may use; empty means every key that the agent holds.
    pub keys: Vec<Fingerprint>,
    /// The only login name that is signed for.
    pub user: String,
    /// The hosts it may log in to.
    pub hosts: Hosts,
    /// How many signatures it may obtain.
    pub signatures: u32,
    /// How long it lives, in seconds.
    pub ttl: u64,
    /// Whether a login whose host cannot be verified is denied.
    pub strict: bool,
    /// What it may fetch, in fetch mode.
    #[serde(default)]
    pub fetch: FetchSpec,
}

/// How a build reaches its repositories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Mode {
    /// The grant's socket is a filtered SSH agent.
    Sign,
    /// The grant's socket lists no key and signs nothing; it carries fetches that the agent does.
    Fetch,
}

/// What a grant may fetch, and how.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FetchSpec {
    /// The repositories it may read.
    pub repos: Repos,
    /// Which keys are meant for which repositories; a key that no route names serves any.
    pub routes: Vec<Route>,
    /// How the engine carries connections.
    pub transport: Transport,
    /// Whether a fetch that names no login name has that of `ssh_config`, where it has one for the host.
    #[serde(default)]
    pub configured_user: bool,
}

/// The repositories of a grant.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Repos {
    /// Every repository of the grant's hosts.
    #[default]
    Any,
    /// Those that one of these covers.
    Only(Vec<RepoPattern>),
}

/// A key that is meant for some repositories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Route {
    /// The source of the key, as on the command line ([`KeyInfo::source`]).
    pub source: String,
    /// The repositories that it serves.
    pub repos: Vec<RepoPattern>,
}

/// How an engine carries the connections of a build to a grant's socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    /// Each on its own (`BuildKit`): a reply may wait for something to tell.
    #[default]
    Streams,
    /// All over one, in turn, each cut after two seconds (buildah): a reply never waits.
    Shared,
}

/// The hosts of a grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Hosts {
    /// Every host whose key is known on this machine.
    Known,
    /// These only, as `known_hosts` names them: `host`, or `[host]:port` for another port than 22.
    Only(Vec<String>),
}

/// A live grant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Grant {
    /// Its name in the control API and in records.
    pub id: GrantId,
    /// Its own agent socket.
    pub socket: PathBuf,
    /// The keys it holds.
    pub keys: Vec<KeyInfo>,
    /// The verified host keys of its hosts in `known_hosts` form, host names hashed.
    pub known_hosts: String,
    /// The key files and keys that were left out, and why, a sentence each.
    pub notes: Vec<String>,
    /// What the agent searches with: its version, and the encodings that it knows. Where that is the
    /// same, the same keys are found in the same bytes.
    #[serde(default)]
    pub search: String,
}

/// The name of a grant: 16 lower-case hexadecimal digits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GrantId(String);

impl GrantId {
    /// A name made of 8 random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; 8]) -> Self {
        Self(format!("{:016x}", u64::from_be_bytes(bytes)))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for GrantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What is public about a key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyInfo {
    /// Its fingerprint.
    pub fingerprint: Fingerprint,
    /// Its algorithm name, as in its blob.
    pub algorithm: String,
    /// Its comment; text of the outside.
    pub comment: String,
    /// Where it comes from, as on the command line: `agent`, `file:PATH`, `env:NAME`, `stdin`,
    /// `certificate:COMMAND`.
    pub source: String,
    /// Whether the agent holds the private half, and so can look for it in images.
    pub searchable: bool,
}
