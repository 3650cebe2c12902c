//! What a person who reads the build's output is told of a refused fetch.

use keystay_proto::{control::Reason, git::CommandError};

use crate::policy::FetchDemand;

/// Why it is refused, and what allows it; printable.
pub(super) fn advice(reason: Reason, demand: &FetchDemand<'_>) -> String {
    let repository = demand.repository().unwrap_or_default();
    let host = repository.split('/').next().unwrap_or_default();
    match reason {
        Reason::Expired => {
            "the build's time is over; give it more: `keystay --ttl 2h build …`".to_owned()
        }
        Reason::NotAFetch | Reason::NoRepository => {
            let detail = demand.detail().unwrap_or_default();
            let hint = match &demand.what {
                Err(CommandError::NotAFetch { .. }) => "; a build may read repositories only",
                _ => "",
            };
            format!("{detail}{hint}")
        }
        Reason::WrongUser => {
            let user = demand.user().unwrap_or_default();
            format!("the login {user} is not granted; allow it: `keystay --user {user} build …`")
        }
        Reason::HostNotGranted => {
            format!("{host} is not granted; allow it: `keystay --host {host} build …`")
        }
        Reason::RepositoryNotGranted => format!(
            "{repository} is not granted; allow it: `keystay --repo {repository} build …`, or \
             in keystay.toml"
        ),
        Reason::HostNotKnown => format!(
            "no host key of {host} is known on the machine that runs keystay; make it known \
             there, once and with care: `ssh {host}`, and compare the fingerprint"
        ),
        other => other.to_string(),
    }
}
