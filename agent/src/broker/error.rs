//! Why a fetch was not done.

use std::{io, sync::Arc};

use keystay_proto::Fingerprint;

use crate::{key::NotKept, sign::SignError};

/// Why a fetch was not done. What it shows is safe to show: text of hosts is made printable.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum FetchError {
    /// No address, no connection, or the connection broke before the host said anything.
    #[error("{host} cannot be reached: {source}")]
    Unreachable {
        /// The host and port that were tried.
        host: String,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
    /// The host did not answer in time.
    #[error("{host} does not answer")]
    TimedOut {
        /// The host and port that were tried.
        host: String,
    },
    /// No key of the host is known.
    #[error("no key of {host} is known")]
    HostKeyUnknown {
        /// The host, as `known_hosts` names it.
        host: String,
    },
    /// The host showed another key than the known ones.
    #[error("{host} showed another key than {known} knows")]
    HostKeyChanged {
        /// The host, as `known_hosts` names it.
        host: String,
        /// Where a known key stands: a file and a line.
        known: String,
    },
    /// The host showed a key that is marked as revoked.
    #[error("{host} showed a key that {known} revokes")]
    HostKeyRevoked {
        /// The host, as `known_hosts` names it.
        host: String,
        /// Where the mark stands: a file and a line.
        known: String,
    },
    /// The grant has no key for the repository.
    #[error("no key of the grant is meant for this repository")]
    NoKey,
    /// A key that was asked to sign did not.
    #[error("{key} does not sign: {source}")]
    NoSignature {
        /// The key.
        key: Fingerprint,
        /// Why.
        #[source]
        source: Arc<SignError>,
    },
    /// A key was removed from the agent or locked since the fetch was allowed.
    #[error("{key} {source}")]
    NotKept {
        /// The key.
        key: Fingerprint,
        /// Which of both.
        #[source]
        source: NotKept,
    },
    /// The host accepts none of the keys for the login.
    #[error("{host} accepts none of the grant's keys for {user}")]
    KeysRefused {
        /// The host and port.
        host: String,
        /// The login name.
        user: String,
    },
    /// The host gives the repository to none of the keys.
    #[error("{host} does not give it to any key of the grant{}", colon(.said))]
    NotFound {
        /// The host and port.
        host: String,
        /// What the host said to the last key, a line.
        said: String,
    },
    /// `ssh_config` wants something of this host that the broker does not do.
    #[error(
        "ssh_config has {option} for {host}, which is not supported here; ProxyJump over up to 4 hosts is"
    )]
    Unsupported {
        /// The host.
        host: String,
        /// The option.
        option: &'static str,
    },
    /// The host does not speak SSH as it should, or no algorithm is common.
    #[error("{host} cannot be talked to: {why}")]
    Protocol {
        /// The host and port.
        host: String,
        /// Why.
        why: String,
    },
    /// The host ended the fetch before the command did.
    #[error("{host} closed the connection")]
    Closed {
        /// The host and port.
        host: String,
    },
    /// The build took no output for long, and held up other fetches.
    #[error("the build took no output while other fetches waited")]
    Stalled,
    /// The build takes no more output.
    #[error("the build closed the fetch")]
    BuildGone,
}

impl FetchError {
    /// What the step is told: not where files of this machine are, and no login name that is not its own.
    pub(crate) fn to_step(&self) -> String {
        match self {
            Self::HostKeyChanged { host, .. } => {
                format!("{host} showed another key than the one that is known")
            }
            Self::HostKeyRevoked { host, .. } => format!("{host} showed a key that is revoked"),
            Self::KeysRefused { host, .. } => format!("{host} accepts none of the grant's keys"),
            told => told.to_string(),
        }
    }
}

fn colon(text: &str) -> String {
    if text.is_empty() {
        String::new()
    } else {
        format!(": {text}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_told_no_file_and_no_login_name_of_this_machine() {
        let (host, known) = ("h".to_owned(), "/home/me/.ssh/known_hosts:2".to_owned());
        for error in [
            FetchError::HostKeyChanged {
                host: host.clone(),
                known: known.clone(),
            },
            FetchError::HostKeyRevoked {
                host: host.clone(),
                known,
            },
            FetchError::KeysRefused {
                host,
                user: "me".to_owned(),
            },
        ] {
            assert!(error.to_string().contains("me"));
            assert!(!error.to_step().contains("me"), "{}", error.to_step());
            assert!(error.to_step().starts_with("h "));
        }
    }
}
