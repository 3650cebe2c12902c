//! What is to be fetched, and how that went.

use keystay_proto::{
    Fingerprint,
    git::{Command, Repository, Wanted},
};

use super::FetchError;

/// One fetch that the policy has allowed.
#[derive(Clone, Debug)]
pub(crate) struct Errand {
    /// What is fetched.
    pub(crate) repository: Repository,
    /// How.
    pub(crate) command: Command,
    /// The value of `GIT_PROTOCOL`, empty where it is not set; one that git would not set is dropped.
    pub(crate) git_protocol: String,
    /// The login name.
    pub(crate) user: String,
    /// Whether the build named it. Where it did not, the one of `ssh_config` goes first.
    pub(crate) user_named: bool,
}

/// How a fetch went.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The exit status of the host's command.
    pub(crate) end: Result<u8, FetchError>,
    /// The key that opened the repository, or that was tried last.
    pub(crate) key: Option<Fingerprint>,
    /// The login name that was used with it, printable: `ssh_config` may have another than the build's.
    pub(crate) user: Option<String>,
    /// What was wanted.
    pub(crate) wanted: Wanted,
    /// How many bytes of output the build got.
    pub(crate) bytes: u64,
}
