//! What was fetched.

use keystay_proto::control::{Fault, FetchUse};

use super::size::first_three;
use crate::output::{phrase, word};

/// The repositories that were fetched, with the first digits of the commit that was wanted, or the ref, and how
/// many more, each host and key once: `acme/lib-a@1a2b3c4, acme/lib-b@5d6e7f8 from github.com with SHA256:…`.
pub(super) fn fetched(fetches: &[FetchUse]) -> Option<String> {
    let mut texts: Vec<String> = Vec::new();
    let mut left = SHOWN;
    let mut hidden: usize = 0;
    for group in groups(fetches) {
        let shown = group.get(..left).unwrap_or(&group);
        left = left.saturating_sub(group.len());
        let (Some(first), false) = (group.first(), shown.is_empty()) else {
            hidden = hidden.saturating_add(group.len());
            continue;
        };
        let names: Vec<_> = shown.iter().map(|fetch| name(fetch)).collect();
        let more = match group.len().saturating_sub(shown.len()) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let key = first.key.map(|key| format!(" with {key}"));
        texts.push(format!(
            "{}{more} from {}{}",
            names.join(", "),
            place(first).0,
            key.unwrap_or_default()
        ));
    }
    if hidden > 0 {
        texts.push(format!("and {hidden} more"));
    }
    (!texts.is_empty()).then(|| texts.join("; "))
}

/// How to allow what was fetched and nothing else.
pub(super) fn offer(fetches: &[FetchUse]) -> Option<String> {
    let come = fetches.iter().filter(|fetch| has_come(fetch));
    let names: Vec<_> = come
        .map(|fetch| format!("{:?}", fetch.repository))
        .collect();
    match names.len() {
        0 => None,
        1..=SHOWN => Some(format!("{OFFER}: repos = [{}]", names.join(", "))),
        _ => Some(OFFER.to_owned()),
    }
}

/// What could not be fetched.
pub(super) fn failures(faults: &[Fault]) -> Option<String> {
    let of_fetches = faults
        .iter()
        .filter(|fault| matches!(fault, Fault::Fetch { .. } | Fault::HostKeyChanged { .. }));
    let text = |fault: &Fault| match fault {
        Fault::Fetch { repository, why } => format!("{}: {}", word(repository), phrase(why)),
        fault => fault.to_string(),
    };
    let texts: Vec<String> = of_fetches.map(text).collect();
    first_three(&texts)
}

/// The fetches of each host with each key, in the order of their first.
fn groups(fetches: &[FetchUse]) -> Vec<Vec<&FetchUse>> {
    let mut groups: Vec<Vec<&FetchUse>> = Vec::new();
    for fetch in fetches.iter().filter(|fetch| has_come(fetch)) {
        let is_same =
            |other: &&FetchUse| other.key == fetch.key && place(other).0 == place(fetch).0;
        let mut known = groups.iter_mut();
        match known.find(|group| group.first().is_some_and(is_same)) {
            Some(group) => group.push(fetch),
            None => groups.push(vec![fetch]),
        }
    }
    groups
}

/// Whether anything came: a fetch may have ended before that.
fn has_come(fetch: &FetchUse) -> bool {
    fetch.bytes > 0
}

fn name(fetch: &FetchUse) -> String {
    let path = word(place(fetch).1);
    let commits = fetch.commits.iter();
    let commits = commits.map(|commit| commit.get(..7).unwrap_or(commit));
    let mut wanted = commits.chain(fetch.refs.iter().map(String::as_str));
    let first = wanted.next().map(word);
    let more = u64::try_from(wanted.count()).unwrap_or(u64::MAX);
    match (first, more.saturating_add(fetch.other_wants)) {
        (None, 0) => path.into_owned(),
        (None, more) => format!("{path}+{more}"),
        (Some(first), 0) => format!("{path}@{first}"),
        (Some(first), more) => format!("{path}@{first}+{more}"),
    }
}

/// Host and path of a repository.
fn place(fetch: &FetchUse) -> (&str, &str) {
    let repository = fetch.repository.as_str();
    repository.split_once('/').unwrap_or(("", repository))
}

/// As many as a line takes.
const SHOWN: usize = 5;
const OFFER: &str = "list them in keystay.toml, and nothing else can be fetched";

#[cfg(test)]
mod tests {
    use keystay_proto::Fingerprint;

    use super::*;

    fn fetch(repository: &str, commits: &[&str]) -> FetchUse {
        FetchUse {
            repository: repository.to_owned(),
            key: None,
            count: 1,
            commits: commits.iter().map(|&commit| commit.to_owned()).collect(),
            refs: Vec::new(),
            other_wants: 0,
            bytes: 1,
        }
    }

    #[test]
    fn repositories_are_told_with_their_commits_host_and_key() {
        let key = Fingerprint::of(b"key");
        let with_key = |fetch: FetchUse| FetchUse {
            key: Some(key),
            ..fetch
        };
        let fetches = [
            with_key(fetch("git.acme.internal/acme/lib-a", &["1a2b3c4d5e"])),
            with_key(fetch("git.acme.internal/acme/lib-b", &["5d6e7f80", "9"])),
            fetch("h:2222/x", &[]),
        ];
        assert_eq!(
            fetched(&fetches).unwrap(),
            format!(
                "acme/lib-a@1a2b3c4, acme/lib-b@5d6e7f8+1 from git.acme.internal with {key}; x from h:2222"
            )
        );
        assert_eq!(
            offer(&fetches).unwrap(),
            "list them in keystay.toml, and nothing else can be fetched: repos = \
             [\"git.acme.internal/acme/lib-a\", \"git.acme.internal/acme/lib-b\", \"h:2222/x\"]"
        );
    }

    #[test]
    fn refs_and_what_is_not_kept_are_told_too() {
        let told = |commits: &[&str], refs: &[&str], other_wants| {
            let refs = refs.iter().map(|&name| name.to_owned()).collect();
            let fetch = fetch("h/a", commits);
            fetched(&[FetchUse {
                refs,
                other_wants,
                ..fetch
            }])
            .unwrap()
        };
        assert_eq!(
            told(&[], &["refs/heads/main"], 0),
            "a@refs/heads/main from h"
        );
        assert_eq!(told(&["1a2b3c4d"], &["HEAD"], 70), "a@1a2b3c4+71 from h");
        assert_eq!(told(&[], &[], 2), "a+2 from h");
    }

    #[test]
    fn many_repositories_stay_one_line() {
        let mut fetches: Vec<_> = (0..17).map(|n| fetch(&format!("h/r{n}"), &[])).collect();
        assert_eq!(
            fetched(&fetches).unwrap(),
            "r0, r1, r2, r3, r4 and 12 more from h"
        );
        fetches.push(fetch("i/x", &[]));
        assert_eq!(
            fetched(&fetches).unwrap(),
            "r0, r1, r2, r3, r4 and 12 more from h; and 1 more"
        );
        assert_eq!(offer(&fetches).as_deref(), Some(OFFER));
        assert_eq!((fetched(&[]), offer(&[])), (None, None));
    }

    #[test]
    fn what_was_asked_for_in_vain_was_not_fetched() {
        let vain = [FetchUse {
            bytes: 0,
            ..fetch("h/a", &[])
        }];
        assert_eq!((fetched(&vain), offer(&vain)), (None, None));
    }
}
