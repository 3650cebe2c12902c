//! Builds that run at once have grants of their own.

use std::net::TcpListener;
use std::time::Duration;

use keystay_tests::env::{Env, wait_until};
use keystay_tests::lab::{Engine, Lab};

use crate::key_file::{fingerprint, public};

#[test]
fn two_builds_at_once_never_see_each_others_keys() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let builds = [("deploy-a", "lib-a"), ("deploy-b", "lib-b")];
        let gate = TcpListener::bind("127.0.0.1:0").unwrap();
        let envs = builds.map(|(_, repository)| build_of(&lab, engine, repository, &gate));
        let mut running: Vec<_> = envs
            .iter()
            .zip(builds)
            .map(|(env, (key, _))| env.build_with(key).args(["--progress=plain"]).start())
            .collect();
        open_for_two(&gate);
        for (env, (key, repository)) in envs.iter().zip(builds) {
            let key = lab.key(key);
            let built = running.remove(0).wait();
            built
                .status(0)
                .stderr_has(&format!("listed: {}", public(&key)));
            let listed = built.stderr.matches("listed: ssh-ed25519").count();
            assert_eq!(listed, 1, "{built:?}");
            let letter = &repository[4..];
            built.stderr_has(if letter == "a" {
                "got: alpha"
            } else {
                "got: beta"
            });
            assert_told(env, &built.said(), &fingerprint(&key));
        }
    }
}

/// A build that lists its keys, waits at the gate, and clones.
fn build_of(lab: &Lab, engine: &Engine, repository: &str, gate: &TcpListener) -> Env {
    let env = Env::on(lab, engine);
    let letter = &repository[4..];
    let port = gate.local_addr().unwrap().port();
    env.file(
        "Dockerfile",
        &format!(
            "FROM keystay/base:1\n\
             RUN --mount=type=ssh ssh-add -L | sed 's/^/listed: /'; \
             bash -c 'read line </dev/tcp/127.0.0.1/{port}'; \
             git clone {{git}}/acme/{repository}.git /src && sed 's/^/got: /' /src/{letter}.txt\n"
        ),
    );
    env
}

/// Lets two steps go on once both have come.
#[track_caller]
fn open_for_two(gate: &TcpListener) {
    gate.set_nonblocking(true).unwrap();
    let mut waiting = Vec::new();
    wait_until("both steps", Duration::from_mins(1), || {
        waiting.extend(gate.accept());
        waiting.len() == 2
    });
}

/// Summary and records are about the build's own key and nothing else.
#[track_caller]
fn assert_told(env: &Env, said: &str, key: &str) {
    let first = format!("keystay: keys      {key} (ed25519, ");
    assert!(said.starts_with(&first), "{said}");
    assert_eq!(said.matches("SHA256:").count(), 1, "{said}");
    let records = env.records();
    let asked: Vec<_> = records.iter().filter_map(|record| record.key).collect();
    assert!(!asked.is_empty());
    assert!(asked.iter().all(|asked| asked.to_string() == key));
    assert!(
        records
            .iter()
            .all(|record| record.grant == records[0].grant)
    );
    assert!(records.iter().all(|record| record.build == env.tag()));
}
