//! What the control API writes as JSON it reads back as the same value.

use std::{fmt::Debug, path::PathBuf};

use keystay_proto::{
    Fingerprint,
    control::{
        Encoding, Engine, Event, Fault, FetchSpec, FetchUse, Grant, GrantId, GrantReport,
        GrantSpec, Hit, HostUse, Hosts, Intent, KeyInfo, KeyUse, Mode, Problem, ProblemCode,
        Reason, Record, Refusal, Repos, Route, ScanReport, Started, Transport,
    },
};
use proptest::{collection::vec, option, prelude::*, sample::select};
use serde::{Serialize, de::DeserializeOwned};

proptest! {
    #[test]
    fn a_grant_spec_is_kept(spec in spec()) {
        assert_kept(&spec)?;
    }

    #[test]
    fn a_grant_is_kept(
        id in id(),
        (socket, known_hosts) in (path(), any::<String>()),
        keys in vec(key_info(), 0..3),
        notes in vec(any::<String>(), 0..3),
    ) {
        let search = known_hosts.clone();
        assert_kept(&Grant { id, socket, keys, known_hosts, notes, search })?;
    }

    #[test]
    fn a_record_is_kept_on_one_line(record in record()) {
        assert_kept(&record)?;
        let json = serde_json::to_string(&record).unwrap();
        let one_line = !json.contains(|character| character < ' ');
        prop_assert!(one_line, "{}", json);
    }

    #[test]
    fn a_grant_report_is_kept(report in report()) {
        assert_kept(&report)?;
    }

    #[test]
    fn a_scan_report_is_kept(bytes: u64, hits in vec(hit(), 0..4), truncated: bool) {
        assert_kept(&ScanReport { bytes, hits, truncated })?;
    }

    #[test]
    fn an_engine_is_kept(pid: u32) {
        assert_kept(&Engine { pid })?;
    }

    #[test]
    fn a_problem_is_kept(problem in problem(), control in path()) {
        assert_kept(&problem)?;
        assert_kept(&Started::Failed(problem))?;
        assert_kept(&Started::Ready { control })?;
    }
}

#[test]
fn a_field_that_a_grant_spec_does_not_have_is_refused() {
    let json = r#"{"build":"b","mode":"sign","keys":[],"user":"git","hosts":"known",
        "signatures":1,"ttl":1,"strict":true,"more":1}"#;
    let error = serde_json::from_str::<GrantSpec>(json).unwrap_err();
    assert!(
        error.to_string().starts_with("unknown field `more`"),
        "{error}"
    );
}

#[test]
fn a_process_id_that_is_none_is_refused() {
    for json in [
        r#"{"pid":-1}"#,
        r#"{"pid":4294967296}"#,
        r#"{"pid":1,"more":1}"#,
        "{}",
    ] {
        assert!(serde_json::from_str::<Engine>(json).is_err(), "{json}");
    }
}

fn assert_kept<T>(value: &T) -> Result<(), TestCaseError>
where
    T: Serialize + DeserializeOwned + PartialEq + Debug,
{
    let json =
        serde_json::to_string(value).map_err(|error| TestCaseError::fail(error.to_string()))?;
    let read: T =
        serde_json::from_str(&json).map_err(|error| TestCaseError::fail(error.to_string()))?;
    prop_assert_eq!(&read, value);
    Ok(())
}

fn fingerprint() -> impl Strategy<Value = Fingerprint> {
    any::<[u8; 8]>().prop_map(|bytes| Fingerprint::of(&bytes))
}

fn id() -> impl Strategy<Value = GrantId> {
    any::<[u8; 8]>().prop_map(GrantId::from_random)
}

fn path() -> impl Strategy<Value = PathBuf> {
    any::<String>().prop_map(PathBuf::from)
}

fn spec() -> impl Strategy<Value = GrantSpec> {
    let hosts = option::of(vec(any::<String>(), 0..3))
        .prop_map(|only| only.map_or(Hosts::Known, Hosts::Only));
    let texts = (any::<String>(), any::<String>());
    let limits = any::<(u32, u64, bool)>();
    (texts, vec(fingerprint(), 0..3), hosts, limits).prop_map(
        |((build, user), keys, hosts, (signatures, ttl, strict))| GrantSpec {
            build,
            mode: Mode::Sign,
            keys,
            user,
            hosts,
            signatures,
            ttl,
            strict,
            fetch: FetchSpec {
                repos: Repos::Only("git.acme:2222/acme/*".parse().into_iter().collect()),
                routes: vec![Route {
                    source: "env:KEY".to_owned(),
                    repos: "git.acme/acme/lib-a".parse().into_iter().collect(),
                }],
                transport: Transport::Shared,
                configured_user: strict,
            },
        },
    )
}

fn key_info() -> impl Strategy<Value = KeyInfo> {
    (fingerprint(), any::<(String, String, String, bool)>()).prop_map(
        |(fingerprint, (algorithm, comment, source, searchable))| KeyInfo {
            fingerprint,
            algorithm,
            comment,
            source,
            searchable,
        },
    )
}

fn record() -> impl Strategy<Value = Record> {
    let what = (
        select(EVENTS),
        option::of(select(INTENTS)),
        option::of(select(REASONS)),
    );
    let texts = any::<(String, String, [Option<String>; 3])>();
    (id(), what, option::of(fingerprint()), texts).prop_map(
        |(grant, (event, intent, reason), key, (time, build, [user, host, detail]))| Record {
            time,
            grant,
            build,
            mode: Mode::Sign,
            event,
            intent,
            key,
            user,
            repository: host.clone(),
            commits: host.clone().into_iter().collect(),
            refs: host.clone().into_iter().collect(),
            other_wants: u64::from(host.is_some()),
            host,
            reason,
            detail,
        },
    )
}

fn report() -> impl Strategy<Value = GrantReport> {
    let key = (fingerprint(), any::<u32>())
        .prop_map(|(fingerprint, count)| KeyUse { fingerprint, count });
    let host = any::<(Option<String>, u32)>().prop_map(|(host, count)| HostUse { host, count });
    let refusal =
        (select(REASONS), any::<(u32, Option<String>)>()).prop_map(|(reason, (count, detail))| {
            Refusal {
                reason,
                count,
                detail,
            }
        });
    let fault = any::<(u8, String, String)>().prop_map(|(kind, text, other)| match kind % 4 {
        0 => Fault::AuditUnwritable(text),
        1 => Fault::UpstreamAgent(text),
        2 => Fault::HostKeyChanged {
            host: text,
            known: other,
        },
        _ => Fault::Fetch {
            repository: text,
            why: other,
        },
    });
    (
        id(),
        any::<u32>(),
        vec(key, 0..3),
        vec(host, 0..3),
        vec(refusal, 0..3),
        vec(fault, 0..3),
    )
        .prop_map(
            |(id, signatures, keys, hosts, refusals, faults)| GrantReport {
                id,
                signatures,
                keys,
                hosts,
                fetches: vec![FetchUse {
                    repository: "git.acme/acme/lib-a".to_owned(),
                    key: None,
                    count: signatures,
                    commits: vec!["0".repeat(40)],
                    refs: vec!["refs/heads/main".to_owned()],
                    other_wants: u64::from(signatures),
                    bytes: u64::from(signatures),
                }],
                refusals,
                faults,
            },
        )
}

fn hit() -> impl Strategy<Value = Hit> {
    (
        any::<u64>(),
        fingerprint(),
        select(Encoding::ALL.as_slice()),
    )
        .prop_map(|(offset, key, encoding)| Hit {
            offset,
            key,
            encoding,
        })
}

fn problem() -> impl Strategy<Value = Problem> {
    (select(CODES), any::<String>(), vec(any::<String>(), 0..3)).prop_map(
        |(code, message, hints)| Problem {
            code,
            message,
            hints,
        },
    )
}

const EVENTS: &[Event] = &[
    Event::Opened,
    Event::Listed,
    Event::Allowed,
    Event::Refused,
    Event::Fetched,
    Event::Failed,
    Event::Closed,
];
const INTENTS: &[Intent] = &[
    Intent::Login,
    Intent::SshSig,
    Intent::Fetch,
    Intent::Unknown,
];
const REASONS: &[Reason] = &[
    Reason::Expired,
    Reason::RecordsSpent,
    Reason::Revoked,
    Reason::BudgetSpent,
    Reason::KeyNotGranted,
    Reason::NotALogin,
    Reason::WrongUser,
    Reason::WrongService,
    Reason::HostNotGranted,
    Reason::HostNotVerified,
    Reason::AlgorithmNotAllowed,
    Reason::NotAFetch,
    Reason::NoRepository,
    Reason::RepositoryNotGranted,
    Reason::HostNotKnown,
    Reason::HostKeyChanged,
    Reason::NoStream,
    Reason::TooManyStreams,
    Reason::TooMuchInput,
    Reason::MessageNotServed,
    Reason::Malformed,
    Reason::TooLong,
    Reason::TooManyConnections,
    Reason::Stalled,
    Reason::RefusalsSpent,
];
const CODES: &[ProblemCode] = &[
    ProblemCode::Usage,
    ProblemCode::KeySource,
    ProblemCode::Unavailable,
    ProblemCode::Refused,
    ProblemCode::Configuration,
    ProblemCode::Internal,
];
