//! What the grants of a build were used for, as a receipt tells it.

use keystay_proto::control::{Fault, GrantReport, KeyInfo};

use super::predicate::{Failure, HostUsed, Key, Refused, RepositoryUsed};
use crate::summary::with_port;

/// Every key of the grants; of its source the kind only, which is no path and no name.
pub(super) fn keys(keys: &[KeyInfo], report: &GrantReport) -> Vec<Key> {
    let key = |key: &KeyInfo| {
        let mut used = report.keys.iter();
        let used = used.find(|used| used.fingerprint == key.fingerprint);
        let source = key.source.split(':').next().unwrap_or_default();
        Key {
            fingerprint: key.fingerprint,
            kind: key.algorithm.clone(),
            source: source.to_owned(),
            searched_for: if key.searchable {
                "private-key"
            } else {
                "locked-copies"
            },
            signatures: used.map_or(0, |used| used.count),
        }
    };
    keys.iter().map(key).collect()
}

/// The hosts that were logged in to, and those that were fetched from.
pub(super) fn hosts(report: &GrantReport) -> Vec<HostUsed> {
    let mut hosts: Vec<HostUsed> = Vec::new();
    for used in &report.hosts {
        let host = used.host.as_deref().map(with_port);
        add(&mut hosts, host, used.count, 0);
    }
    for fetch in &report.fetches {
        let host = fetch.repository.split('/').next().unwrap_or_default();
        add(&mut hosts, Some(host.to_owned()), 0, fetch.count);
    }
    hosts
}

fn add(hosts: &mut Vec<HostUsed>, host: Option<String>, logins: u32, fetches: u32) {
    match hosts.iter_mut().find(|known| known.host == host) {
        Some(known) => {
            known.logins = known.logins.saturating_add(logins);
            known.fetches = known.fetches.saturating_add(fetches);
        }
        None => hosts.push(HostUsed {
            verified: host.is_some(),
            host,
            logins,
            fetches,
        }),
    }
}

pub(super) fn repositories(report: &GrantReport) -> Vec<RepositoryUsed> {
    let fetches = report.fetches.iter().cloned();
    let repository = |fetch: keystay_proto::control::FetchUse| RepositoryUsed {
        repository: fetch.repository,
        commits: fetch.commits,
        refs: fetch.refs,
        other_wants: fetch.other_wants,
        fetches: fetch.count,
        bytes: fetch.bytes,
        key: fetch.key,
    };
    fetches.map(repository).collect()
}

pub(super) fn refusals(report: &GrantReport) -> Vec<Refused> {
    let refusals = report.refusals.iter().cloned();
    let refused = |refusal: keystay_proto::control::Refusal| Refused {
        reason: refusal.reason,
        detail: refusal.detail,
        count: refusal.count,
    };
    refusals.map(refused).collect()
}

/// The faults without their explanations, which name files of this machine.
pub(super) fn failures(report: &GrantReport) -> Vec<Failure> {
    let failure = |fault: &Fault| match fault {
        Fault::AuditUnwritable(_) => Failure::AuditUnwritable,
        Fault::UpstreamAgent(_) => Failure::UpstreamAgent,
        Fault::HostKeyChanged { host, .. } => Failure::HostKeyChanged { host: host.clone() },
        Fault::Fetch { repository, .. } => Failure::Fetch {
            repository: repository.clone(),
        },
    };
    report.faults.iter().map(failure).collect()
}

#[cfg(test)]
mod tests {
    use keystay_proto::{
        Fingerprint,
        control::{FetchUse, GrantId, HostUse, KeyUse},
    };

    use super::*;

    fn report() -> GrantReport {
        GrantReport {
            id: GrantId::from_random([0; 8]),
            signatures: 2,
            keys: vec![KeyUse {
                fingerprint: Fingerprint::of(b"key"),
                count: 2,
            }],
            hosts: vec![],
            fetches: vec![],
            refusals: vec![],
            faults: vec![],
        }
    }

    #[test]
    fn of_a_key_its_path_and_comment_are_left_out() {
        let key = KeyInfo {
            fingerprint: Fingerprint::of(b"key"),
            algorithm: "ssh-ed25519".into(),
            comment: "me@home".into(),
            source: "file:/home/me/.ssh/deploy".into(),
            searchable: false,
        };
        let told = serde_json::to_value(keys(&[key], &report())).unwrap();
        assert_eq!(
            told,
            serde_json::json!([{
                "fingerprint": Fingerprint::of(b"key"),
                "type": "ssh-ed25519",
                "source": "file",
                "searchedFor": "locked-copies",
                "signatures": 2,
            }])
        );
    }

    #[test]
    fn a_host_is_told_once_with_its_logins_and_fetches() {
        let login = |host: Option<&str>, count| HostUse {
            host: host.map(str::to_owned),
            count,
        };
        let fetch = |repository: &str| FetchUse {
            repository: repository.to_owned(),
            key: None,
            count: 2,
            commits: vec![],
            refs: vec![],
            other_wants: 0,
            bytes: 1,
        };
        let report = GrantReport {
            hosts: vec![login(Some("[h]:2222"), 1), login(None, 4)],
            fetches: vec![fetch("h:2222/a"), fetch("h:2222/b"), fetch("i/a")],
            ..report()
        };
        let told: Vec<_> = hosts(&report)
            .into_iter()
            .map(|told| (told.host, told.verified, told.logins, told.fetches))
            .collect();
        let named = |name: &str| Some(name.to_owned());
        assert_eq!(
            told,
            [
                (named("h:2222"), true, 1, 4),
                (None, false, 4, 0),
                (named("i"), true, 0, 2)
            ]
        );
    }

    #[test]
    fn failures_name_no_file_of_this_machine() {
        let faults = vec![
            Fault::UpstreamAgent("/home/me/agent.sock: gone".into()),
            Fault::HostKeyChanged {
                host: "h".into(),
                known: "/home/me/.ssh/known_hosts:3".into(),
            },
        ];
        let told = serde_json::to_value(failures(&GrantReport { faults, ..report() })).unwrap();
        assert_eq!(
            told,
            serde_json::json!([
                {"failure": "upstream-agent"},
                {"failure": "host-key-changed", "host": "h"},
            ])
        );
    }
}
