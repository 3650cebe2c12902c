//! What a receipt says of an image.

use keystay_proto::{
    Fingerprint,
    control::{Mode, Reason},
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

use super::{scan::Scan, statement::Sha256Set};
use crate::verify::{NameKind, Verified};

/// The predicate. Fields may be added to it, but none changes its meaning.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Predicate {
    pub(super) keystay: Program,
    pub(super) engine: EngineUsed,
    pub(super) dockerfile: Option<DockerfileUsed>,
    #[serde(flatten)]
    pub(super) times: Times,
    pub(super) mode: Mode,
    pub(super) image: Image,
    pub(super) keys: Vec<Key>,
    pub(super) hosts: Vec<HostUsed>,
    pub(super) repositories: Vec<RepositoryUsed>,
    /// How many signatures left.
    pub(super) signatures: u32,
    /// How many fetches there were.
    pub(super) fetches: u32,
    pub(super) refusals: Vec<Refused>,
    pub(super) failures: Vec<Failure>,
    pub(super) scan: Scan,
}

#[derive(Debug, Serialize)]
pub(super) struct Program {
    pub(super) version: &'static str,
}

/// The tool that built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct EngineUsed {
    /// `docker`, `podman` or `buildah`.
    pub(crate) name: &'static str,
    /// Its version, where it tells it.
    pub(crate) version: Option<String>,
    /// The command of it that built, such as `docker buildx build`.
    pub(crate) command: String,
}

/// A Dockerfile by its digests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DockerfileUsed {
    digest: Sha256Set,
    /// That of the wired copy, where it was changed.
    built_as: Option<Sha256Set>,
}

impl DockerfileUsed {
    /// The Dockerfile of this text, built as the other.
    pub(crate) fn new(text: &str, built_as: Option<&str>) -> Self {
        Self {
            digest: sha256(text),
            built_as: built_as.map(sha256),
        }
    }
}

/// When the engine began and ended, in RFC 3339, UTC.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Times {
    pub(super) started_on: String,
    pub(super) finished_on: String,
}

/// The image as its engine names it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Image {
    id: String,
    /// What the id is the digest of, where the image was read.
    id_of: Option<NameKind>,
}

impl Image {
    pub(super) fn of(id: &str, verified: Option<&Verified>) -> Self {
        let names = verified.map(|verified| verified.names.as_slice());
        let mut names = names.unwrap_or_default().iter();
        let is_it = |digest: &str| digest.strip_prefix("sha256:") == Some(without_prefix(id));
        Self {
            id: id.to_owned(),
            id_of: names.find(|name| is_it(&name.digest)).map(|name| name.kind),
        }
    }
}

fn without_prefix(id: &str) -> &str {
    id.strip_prefix("sha256:").unwrap_or(id)
}

/// A key of the build's grants.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Key {
    pub(super) fingerprint: Fingerprint,
    #[serde(rename = "type")]
    pub(super) kind: String,
    /// The kind of its source: `agent`, `file`, `env`, `stdin`.
    pub(super) source: String,
    /// What the image was searched for: `private-key`, or `locked-copies` of a key that is elsewhere.
    pub(super) searched_for: &'static str,
    pub(super) signatures: u32,
}

/// A host that was reached.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub(super) struct HostUsed {
    /// `HOST`, or `HOST:PORT`; null for logins that do not show it.
    pub(super) host: Option<String>,
    /// Whether its host key was known.
    pub(super) verified: bool,
    pub(super) logins: u32,
    pub(super) fetches: u32,
}

/// A repository that was fetched from.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RepositoryUsed {
    /// `HOST[:PORT]/PATH`.
    pub(super) repository: String,
    /// The commits that were wanted, at most 64.
    pub(super) commits: Vec<String>,
    /// The refs that were wanted by name, made printable, at most 16.
    pub(super) refs: Vec<String>,
    /// How many wants are not among those.
    pub(super) other_wants: u64,
    pub(super) fetches: u32,
    /// How many bytes came.
    pub(super) bytes: u64,
    /// The key that opened it.
    pub(super) key: Option<Fingerprint>,
}

/// What was refused, and how often.
#[derive(Debug, Serialize)]
pub(super) struct Refused {
    pub(super) reason: Reason,
    /// What the first of them was; text of the build, made printable.
    pub(super) detail: Option<String>,
    pub(super) count: u32,
}

/// What was allowed and could not be done.
#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "failure")]
pub(super) enum Failure {
    /// The audit log could not be written.
    AuditUnwritable,
    /// The upstream agent did not sign.
    UpstreamAgent,
    /// A host showed another key than the known one.
    HostKeyChanged { host: String },
    /// A host did not serve a fetch.
    Fetch { repository: String },
}

fn sha256(text: &str) -> Sha256Set {
    let digest = Sha256::digest(text);
    let sha256 = (digest.iter()).fold(String::new(), |digits, byte| {
        digits + &format!("{byte:02x}")
    });
    Sha256Set { sha256 }
}
