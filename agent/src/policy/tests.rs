mod algorithms;
mod bound;
mod order;
mod standing;

use std::{
    path::Path,
    time::{Duration, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keystay_proto::agent::SignRequest;

use super::*;

/// A public key blob: its algorithm's name and 32 bytes.
fn blob(algorithm: &str, fill: u8) -> Vec<u8> {
    let mut blob = Vec::new();
    for part in [algorithm.as_bytes(), &[fill; 32]] {
        blob.extend_from_slice(&u32::try_from(part.len()).unwrap().to_be_bytes());
        blob.extend_from_slice(part);
    }
    blob
}

fn key() -> Vec<u8> {
    blob("ssh-ed25519", 1)
}

fn host_key() -> Vec<u8> {
    blob("ssh-ed25519", 9)
}

fn other_host_key() -> Vec<u8> {
    blob("ssh-ed25519", 8)
}

fn known_hosts() -> KnownHosts {
    let line = |name: &str, key: &[u8]| format!("{name} ssh-ed25519 {}\n", STANDARD.encode(key));
    let text = line("git.acme.internal", &host_key()) + &line("other.example", &other_host_key());
    KnownHosts::parse(&text, Path::new("known_hosts"))
}

fn terms(now: Moment) -> Terms {
    Terms {
        keys: vec![
            blob("ssh-ed25519", 7),
            key(),
            blob("ssh-rsa", 2),
            blob("ssh-dss", 3),
        ],
        user: "git".to_owned(),
        hosts: Hosts::Only(vec!["git.acme.internal".to_owned()]),
        repos: Repos::Any,
        strict: false,
        signatures: 50,
        expires: now + Duration::from_mins(1),
    }
}

const FRESH: Standing = Standing {
    recorded_all: false,
    revoked: false,
    locked: false,
    signed: 0,
};

/// A login with everything right, to be spoilt by each test.
fn login<'a>(key: &'a [u8], host_key: Option<&'a [u8]>) -> Userauth<'a> {
    Userauth {
        session_id: &[5; 32],
        user: b"git",
        service: "ssh-connection",
        algorithm: "ssh-ed25519",
        key_blob: key,
        host_key,
    }
}

fn encoded(login: &Userauth<'_>) -> Vec<u8> {
    let mut data = Vec::new();
    login.encode(&mut data);
    data
}

struct Case {
    terms: Terms,
    standing: Standing,
    bound: Bound,
    flags: SignFlags,
    now: Moment,
}

impl Case {
    fn new() -> Self {
        let now = Moment::now();
        Self {
            terms: terms(now),
            standing: FRESH,
            bound: Bound::Unbound,
            flags: SignFlags(0),
            now,
        }
    }

    fn judge_data(&self, key: &[u8], data: &[u8]) -> Verdict {
        let request = SignRequest {
            key_blob: key,
            data,
            flags: self.flags,
        };
        let demand = Demand::identify(&request, &self.bound, SystemTime::now());
        judge(
            &self.terms,
            self.standing,
            &known_hosts(),
            &demand,
            self.flags,
            self.now,
        )
    }

    fn judge(&self, login: &Userauth<'_>) -> Verdict {
        self.judge_data(login.key_blob, &encoded(login))
    }
}

#[test]
fn a_plain_login_is_allowed_and_its_host_is_not_known() {
    let verdict = Case::new().judge(&login(&key(), None));
    assert_eq!(verdict, Verdict::Allow { key: 1, host: None });
}

#[test]
fn a_host_bound_login_to_a_granted_host_is_allowed_and_names_it() {
    let verdict = Case::new().judge(&login(&key(), Some(&host_key())));
    assert_eq!(
        verdict,
        Verdict::Allow {
            key: 1,
            host: Some("git.acme.internal".to_owned())
        }
    );
}

#[test]
fn without_a_host_list_every_known_host_is_granted_and_an_unknown_one_is_not() {
    let mut case = Case::new();
    case.terms.hosts = Hosts::Known;
    let verdict = case.judge(&login(&key(), Some(&other_host_key())));
    assert_eq!(
        verdict,
        Verdict::Allow {
            key: 1,
            host: Some("other.example".to_owned())
        }
    );
    let verdict = case.judge(&login(&key(), Some(&blob("ssh-ed25519", 77))));
    assert_eq!(verdict, Verdict::Deny(Reason::HostNotGranted));
}

#[test]
fn a_key_that_is_not_granted_does_not_sign() {
    let verdict = Case::new().judge(&login(&blob("ssh-ed25519", 66), None));
    assert_eq!(verdict, Verdict::Deny(Reason::KeyNotGranted));
}

#[test]
fn git_signatures_are_not_logins() {
    let mut data = Vec::new();
    let signed = keystay_proto::sshsig::SignedData {
        namespace: b"git",
        reserved: b"",
        hash_algorithm: "sha512",
        hash: &[1; 64],
    };
    signed.encode(&mut data);
    let verdict = Case::new().judge_data(&key(), &data);
    assert_eq!(verdict, Verdict::Deny(Reason::NotALogin));
}

#[test]
fn nothing_but_exactly_a_login_is_one() {
    let whole = encoded(&login(&key(), None));
    let (shorter, mut longer) = (&whole[..whole.len() - 1], whole.clone());
    longer.push(0);
    let hash = [3; 32];
    for data in [shorter, &longer, &hash, b"", &key()] {
        let verdict = Case::new().judge_data(&key(), data);
        assert_eq!(verdict, Verdict::Deny(Reason::NotALogin), "{data:?}");
    }
}

#[test]
fn a_login_with_another_key_inside_is_not_one() {
    let data = encoded(&login(&blob("ssh-ed25519", 7), None));
    assert_eq!(
        Case::new().judge_data(&key(), &data),
        Verdict::Deny(Reason::NotALogin)
    );
}

#[test]
fn another_user_is_refused() {
    let key = key();
    let login = Userauth {
        user: b"root",
        ..login(&key, None)
    };
    assert_eq!(Case::new().judge(&login), Verdict::Deny(Reason::WrongUser));
}

#[test]
fn another_service_is_refused() {
    let key = key();
    let login = Userauth {
        service: "ssh-userauth",
        ..login(&key, None)
    };
    assert_eq!(
        Case::new().judge(&login),
        Verdict::Deny(Reason::WrongService)
    );
}

#[test]
fn a_host_bound_login_to_another_host_is_refused() {
    let verdict = Case::new().judge(&login(&key(), Some(&other_host_key())));
    assert_eq!(verdict, Verdict::Deny(Reason::HostNotGranted));
}

#[test]
fn a_strict_grant_refuses_a_login_that_shows_no_host() {
    let mut case = Case::new();
    case.terms.strict = true;
    assert_eq!(
        case.judge(&login(&key(), None)),
        Verdict::Deny(Reason::HostNotVerified)
    );
    assert!(matches!(
        case.judge(&login(&key(), Some(&host_key()))),
        Verdict::Allow { .. }
    ));
}
