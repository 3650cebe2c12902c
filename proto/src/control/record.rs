//! Audit records: one JSON line per decision.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{GrantId, Mode};
use crate::Fingerprint;

/// One line of the audit log. It holds no secret and no payload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// When, in RFC 3339 with milliseconds, UTC.
    pub time: String,
    /// The grant it is about.
    pub grant: GrantId,
    /// The build's name.
    pub build: String,
    /// The grant's mode.
    pub mode: Mode,
    /// What happened.
    pub event: Event,
    /// What the request was for, where there was one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub intent: Option<Intent>,
    /// The key that was asked for.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub key: Option<Fingerprint>,
    /// The login name of the request; text of the outside. Of a fetch that has ended, the one that was used, which
    /// `ssh_config` may give.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub user: Option<String>,
    /// The host, where its key is known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub host: Option<String>,
    /// The repository of a fetch: `HOST[:PORT]/PATH`, made printable.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub repository: Option<String>,
    /// The commits that a fetch wanted, in hexadecimal digits; at most 64 are kept.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub commits: Vec<String>,
    /// The refs that a fetch wanted by name (`want-ref`), made printable; at most 16 are kept.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub refs: Vec<String>,
    /// How many wants of a fetch are not among those; one that git repeats counts each time.
    #[serde(skip_serializing_if = "is_zero", default)]
    pub other_wants: u64,
    /// Why it was refused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub reason: Option<Reason>,
    /// What else there is to say, in a few words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
}

impl Record {
    /// A record that says this and no more.
    #[must_use]
    pub fn new(time: String, grant: GrantId, build: String, mode: Mode, event: Event) -> Self {
        Self {
            time,
            grant,
            build,
            mode,
            event,
            intent: None,
            key: None,
            user: None,
            host: None,
            repository: None,
            commits: Vec::new(),
            refs: Vec::new(),
            other_wants: 0,
            reason: None,
            detail: None,
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
pub(super) const fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// What a record tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Event {
    /// A grant was opened.
    Opened,
    /// The keys were listed.
    Listed,
    /// A signature or a fetch was allowed.
    Allowed,
    /// A request was refused.
    Refused,
    /// A fetch has ended; the record says what it wanted.
    Fetched,
    /// An allowed signature could not be made, an allowed fetch could not be done.
    Failed,
    /// A grant ended.
    Closed,
}

/// What a request to sign is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Intent {
    /// An SSH login (RFC 4252 §7), plain or host-bound.
    Login,
    /// A signature over data: git commits, files (OpenSSH PROTOCOL.sshsig).
    SshSig,
    /// Reading a repository.
    Fetch,
    /// Anything else.
    Unknown,
}

/// Why a request was refused, in the order in which the reasons are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// The grant is past its expiry.
    Expired,
    /// The build's share of the audit log is full, and the grant is closed.
    RecordsSpent,
    /// The grant was revoked.
    Revoked,
    /// The agent is locked.
    Locked,
    /// Every signature of the grant was used.
    BudgetSpent,
    /// The key is not one of the grant's.
    KeyNotGranted,
    /// The data is not exactly a login.
    NotALogin,
    /// The login is for another user.
    WrongUser,
    /// The login is for another service than `ssh-connection`.
    WrongService,
    /// The host key of the login belongs to no host of the grant.
    HostNotGranted,
    /// The host of the login cannot be verified and the grant is strict.
    HostNotVerified,
    /// The signature algorithm is not allowed.
    AlgorithmNotAllowed,
    /// The command is not one that reads a repository.
    NotAFetch,
    /// The path of the command names no repository.
    NoRepository,
    /// The repository is not one of the grant's.
    RepositoryNotGranted,
    /// No key of the host is known.
    HostNotKnown,
    /// The host showed another key than the known ones.
    HostKeyChanged,
    /// The frame is of no stream that is open.
    NoStream,
    /// The grant has had as many streams as it may.
    TooManyStreams,
    /// The build sent more than any fetch needs.
    TooMuchInput,
    /// The message type is not served to builds.
    MessageNotServed,
    /// The message could not be decoded.
    Malformed,
    /// The message is longer than any that is served.
    TooLong,
    /// The grant has as many connections as it may.
    TooManyConnections,
    /// The connection sent nothing, or not the rest of its message, for too long.
    Stalled,
    /// The grant has had as many refusals as it may, and is closed.
    RefusalsSpent,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired => "the grant has expired",
            Self::RecordsSpent => "too many records, the grant is closed",
            Self::Revoked => "the grant was revoked",
            Self::Locked => "the agent is locked",
            Self::BudgetSpent => "every signature of the grant was used",
            Self::KeyNotGranted => "the key is not granted",
            Self::NotALogin => "not a login",
            Self::WrongUser => "login as another user",
            Self::WrongService => "login for another service",
            Self::HostNotGranted => "host not granted",
            Self::HostNotVerified => "host not verified",
            Self::AlgorithmNotAllowed => "signature algorithm not allowed",
            Self::NotAFetch => "not a fetch",
            Self::NoRepository => "not a repository",
            Self::RepositoryNotGranted => "repository not granted",
            Self::HostNotKnown => "host key not known",
            Self::HostKeyChanged => "host key changed",
            Self::NoStream => "no such stream",
            Self::TooManyStreams => "too many streams",
            Self::TooMuchInput => "more sent than a fetch needs",
            Self::MessageNotServed => "message not served to builds",
            Self::Malformed => "malformed message",
            Self::TooLong => "message too long",
            Self::TooManyConnections => "too many connections",
            Self::Stalled => "stalled connection",
            Self::RefusalsSpent => "too many refusals, the grant is closed",
        })
    }
}
