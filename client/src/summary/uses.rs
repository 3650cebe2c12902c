//! Keys, hosts and refusals of a grant.

use std::borrow::Cow;

use keystay_proto::{
    control::{HostUse, KeyInfo, KeyUse, Reason, Refusal},
    is_plain_word,
};

use super::size::{count, first_three};
use crate::output::phrase;

/// The keys that signed: `SHA256:… (ed25519, agent) 2 signatures`.
pub(super) fn keys(known: &[KeyInfo], used: &[KeyUse]) -> Option<String> {
    let texts: Vec<String> = used.iter().map(|used| key(known, used)).collect();
    first_three(&texts)
}

/// The hosts that were logged in to: `github.com verified 1; not shown by the login 2`.
pub(super) fn hosts(used: &[HostUse]) -> Option<String> {
    let texts: Vec<String> = used.iter().map(host).collect();
    first_three(&texts)
}

/// What was refused: `3 × not a login (sshsig git)`.
pub(super) fn refusals(refusals: &[Refusal]) -> Option<String> {
    let texts: Vec<String> = refusals.iter().map(refusal).collect();
    first_three(&texts)
}

fn key(
    known: &[KeyInfo],
    KeyUse {
        fingerprint,
        count: times,
    }: &KeyUse,
) -> String {
    let signatures = count(usize::try_from(*times).unwrap_or(usize::MAX), "signature");
    match known.iter().find(|key| key.fingerprint == *fingerprint) {
        Some(key) => {
            format!(
                "{fingerprint} ({}, {}) {signatures}",
                short(&key.algorithm),
                source(&key.source)
            )
        }
        None => format!("{fingerprint} {signatures}"),
    }
}

/// A source as it is told: of a command that certifies keys its name.
fn source(text: &str) -> Cow<'_, str> {
    match text.split_once(' ') {
        Some((name, _)) if name.starts_with("certificate") => format!("{name} …").into(),
        _ => text.into(),
    }
}

/// The name people use for an algorithm.
fn short(algorithm: &str) -> &str {
    match algorithm {
        "ssh-ed25519" => "ed25519",
        "ssh-ed25519-cert-v01@openssh.com" => "ed25519 certificate",
        "ssh-rsa" => "rsa",
        "ecdsa-sha2-nistp256" => "ecdsa p256",
        "ecdsa-sha2-nistp384" => "ecdsa p384",
        "ecdsa-sha2-nistp521" => "ecdsa p521",
        other => other,
    }
}

fn host(HostUse { host, count }: &HostUse) -> String {
    match host {
        Some(host) => format!("{} verified {count}", with_port(host)),
        None => format!("not shown by the login {count}"),
    }
}

/// `host:port` from `known_hosts`' `[host]:port`; an IPv6 address keeps its brackets.
pub(crate) fn with_port(host: &str) -> String {
    let parts = host
        .strip_prefix('[')
        .and_then(|rest| rest.split_once("]:"));
    match parts {
        Some((name, port)) if !name.contains(':') => format!("{name}:{port}"),
        _ => host.to_owned(),
    }
}

fn refusal(
    Refusal {
        reason,
        count,
        detail,
    }: &Refusal,
) -> String {
    match detail {
        Some(detail) if *reason == Reason::RepositoryNotGranted && is_plain_word(detail) => {
            format!("{count} × {reason} ({detail}); allow it: `--repo {detail}`")
        }
        Some(detail) => format!("{count} × {reason} ({})", phrase(detail)),
        None => format!("{count} × {reason}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_step_asked_for_is_repeated_in_no_command_unless_it_is_a_word() {
        let told = |detail: &str| {
            refusal(&Refusal {
                reason: Reason::RepositoryNotGranted,
                count: 1,
                detail: Some(detail.to_owned()),
            })
        };
        assert_eq!(
            told("h/a"),
            "1 × repository not granted (h/a); allow it: `--repo h/a`"
        );
        assert_eq!(told("x;id;/a"), "1 × repository not granted (\"x;id;/a\")");
        for detail in ["h/acme/**", "h/a b"] {
            assert_eq!(
                told(detail),
                format!("1 × repository not granted ({detail})")
            );
        }
    }

    #[test]
    fn a_command_that_certifies_is_told_by_its_name() {
        assert_eq!(
            source("certificate,ttl=5m:vault write x"),
            "certificate,ttl=5m:vault …"
        );
        assert_eq!(source("file:/a b"), "file:/a b");
    }

    #[test]
    fn ports_are_written_as_people_do() {
        assert_eq!(with_port("[127.0.0.1]:2222"), "127.0.0.1:2222");
        assert_eq!(with_port("[::1]:2222"), "[::1]:2222");
        assert_eq!(with_port("github.com"), "github.com");
    }
}
