//! The audit log: a line per decision, in order, private, and without secrets.

use std::{
    fs,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
};

use keystay_proto::{
    Fingerprint,
    control::{Event, Intent, Mode, Reason, Record},
};
use keystay_tests::{
    env::Env,
    lab::{Lab, UpstreamAgent},
};

use crate::{
    gate::Gate,
    key::{file, fingerprint},
};

#[test]
fn every_decision_of_a_build_is_recorded_in_order() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let sign = format!("ssh-add -L >/key && ! {SIGN}");
        env.file("Dockerfile", &dockerfile(&format!("{LOGIN} && {sign}")));
        env.build_with("dev").output().status(0);
        let port = lab.git_host().port();
        let records = env.records();
        let host = format!("[127.0.0.1]:{port}");
        let key = fingerprint(&lab, "dev").parse::<Fingerprint>().unwrap();
        let shown: Vec<_> = records.iter().map(shown).collect();
        assert_eq!(
            shown,
            [
                Shown::plain(Event::Opened, None),
                Shown::plain(Event::Listed, None),
                Shown {
                    intent: Some(Intent::Login),
                    key: Some(key),
                    user: Some("git".to_owned()),
                    host: Some(host),
                    ..Shown::plain(Event::Allowed, None)
                },
                Shown {
                    intent: Some(Intent::SshSig),
                    key: Some(key),
                    ..Shown::plain(Event::Refused, Some(Reason::NotALogin))
                },
                Shown::plain(Event::Closed, None),
            ]
        );
        assert!(records.iter().all(|record| record.build == env.tag()
            && record.grant == records[0].grant
            && record.mode == Mode::Sign));
        assert!(records.is_sorted_by_key(|record| &record.time));
    }
}

#[test]
fn the_log_is_the_users_own() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[0]);
    env.file("Dockerfile", &dockerfile("true"));
    // What other programs made for everybody stays as it is.
    let state = env.home().join(".local/state");
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o755)
        .create(&state)
        .unwrap();
    env.build_with("dev").output().status(0);
    let mode = |path: &str| fs::metadata(state.join(path)).unwrap().mode() & 0o7777;
    assert_eq!(mode("keystay/audit.jsonl"), 0o600);
    assert_eq!(mode("keystay"), 0o700);
    assert_eq!(mode(""), 0o755);
}

#[test]
fn builds_at_once_append_whole_lines_to_one_log() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[0]);
    let many = format!("ssh-add -L >/key; for n in $(seq 10); do {SIGN}; {LOGIN} || exit 1; done");
    let builds = ["one", "two"].map(|name| {
        let gate = Gate::new();
        let name = format!("{name}.Dockerfile");
        env.file(&name, &dockerfile(&format!("{} && {many}", gate.command())));
        let key = file(&lab, "dev");
        let options = ["--no-verify", "--key", &key, "build", "--network", "host"];
        let build = env.keystay().args(options).args(["-f", &name, "."]).start();
        (build, gate.reached())
    });
    let builds = builds.map(|(build, held)| {
        held.release();
        build
    });
    for build in builds {
        build.wait().status(0);
    }
    let records = env.records();
    let mut grants: Vec<_> = records.iter().map(|record| &record.grant).collect();
    grants.sort();
    grants.dedup();
    assert_eq!(grants.len(), 2);
    for grant in grants {
        let own: Vec<_> = records
            .iter()
            .filter(|record| record.grant == *grant)
            .collect();
        let count = |event| own.iter().filter(|record| record.event == event).count();
        assert_eq!(own.first().unwrap().event, Event::Opened);
        assert_eq!(own.last().unwrap().event, Event::Closed);
        assert_eq!((count(Event::Allowed), count(Event::Refused)), (10, 10));
    }
}

#[test]
fn the_log_holds_no_secret_and_no_comment() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    let agent = UpstreamAgent::with(&[lab.key("dev-ecdsa")]).unwrap();
    let sign = format!("ssh-add -L >/key && ! {SIGN}");
    env.file("Dockerfile", &dockerfile(&format!("{LOGIN} && {sign}")));
    let text = fs::read_to_string(lab.key("dev")).unwrap();
    let run = env.keystay().env("SSH_AUTH_SOCK", agent.socket());
    let run = run
        .env("DEPLOY_KEY", &text)
        .args(["--key", "env:DEPLOY_KEY", "--key", "agent"]);
    run.build(&env).output().status(0);
    let log = fs::read_to_string(env.home().join(".local/state/keystay/audit.jsonl")).unwrap();
    assert!(log.contains(&fingerprint(&lab, "dev")));
    assert!(!log.contains("@lab"), "{log}");
    for line in text.lines() {
        assert!(!log.contains(line), "{log}");
    }
}

/// A record but for its time, grant, build and mode.
#[derive(Debug, PartialEq)]
struct Shown {
    event: Event,
    intent: Option<Intent>,
    key: Option<Fingerprint>,
    user: Option<String>,
    host: Option<String>,
    reason: Option<Reason>,
}

impl Shown {
    fn plain(event: Event, reason: Option<Reason>) -> Self {
        Self {
            event,
            intent: None,
            key: None,
            user: None,
            host: None,
            reason,
        }
    }
}

fn shown(record: &Record) -> Shown {
    Shown {
        event: record.event,
        intent: record.intent,
        key: record.key,
        user: record.user.clone(),
        host: record.host.clone(),
        reason: record.reason,
    }
}

fn dockerfile(step: &str) -> String {
    format!("FROM keystay/base:1\nRUN --mount=type=ssh {step}\n")
}

const LOGIN: &str = "git ls-remote {git}/acme/lib-a";
/// A signature that is no login.
const SIGN: &str = "sh -c 'echo x | ssh-keygen -Y sign -n git -f /key'";
