//! What a person who reads the build's output is told of a refused fetch.

use keystay_proto::{control::Reason, git::CommandError, is_plain_word};

use crate::policy::FetchDemand;

/// Why it is refused, and what allows it; printable. A host that is listed nowhere may be a name of the
/// step's own.
pub(super) fn advice(reason: Reason, demand: &FetchDemand<'_>, is_listed: bool) -> String {
    let repository = demand.repository().unwrap_or_default();
    let host = repository.split('/').next().unwrap_or_default();
    let alias = if is_listed { "" } else { ALIAS };
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
            let shown = demand.user().unwrap_or_default();
            let user = typed(&shown, "NAME");
            format!("the login {shown} is not granted; allow it: `keystay --user {user} build …`")
        }
        Reason::HostNotGranted => {
            let name = typed(host, "NAME");
            format!(
                "{host} is not granted; allow it: `keystay --host {name} build …`, and in \
                 config.toml where `[limit] hosts` leaves it out{ALIAS}"
            )
        }
        Reason::RepositoryNotGranted => {
            let name = typed(&repository, "HOST/PATH");
            format!(
                "{repository} is not granted; allow it: `keystay --repo {name} build …`, or in \
                 keystay.toml{alias}"
            )
        }
        Reason::HostNotKnown => {
            let ssh = demand.ssh_command().unwrap_or_default();
            format!(
                "no host key of {host} is known on the machine that runs keystay; make it known \
                 there, once and with care: `{ssh}`, and compare the fingerprint{ALIAS}"
            )
        }
        other => other.to_string(),
    }
}

/// A step chooses its words, and a person may type what is told: what is more than a word is not
/// repeated in a command.
fn typed<'a>(text: &'a str, instead: &'static str) -> &'a str {
    if is_plain_word(text) { text } else { instead }
}

const ALIAS: &str = "; a name of the step's own ssh_config is not read: write the real host, or put the \
                     name into ~/.ssh/config where keystay runs";
