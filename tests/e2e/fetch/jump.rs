//! A git host that only another host reaches, with `ProxyJump`.

use keystay_proto::control::{Event, Reason};
use keystay_tests::{
    env::Env,
    lab::{JumpHost, PRIVATE_HOST},
};

use super::{build, env, fetches};

#[test]
fn a_host_behind_a_jump_host_is_fetched_from() {
    let env = env();
    let jump = JumpHost::start(env.lab(), "dev").unwrap();
    knows(&env, &[&private_keys(&env), jump.known_hosts()]);
    behind(&env, "");
    let direct = build(&env, &["dev"], &[]).output();
    direct.stderr_has("keystay: error: private/acme/lib-a was not fetched: ");
    behind(&env, &way_over(&jump));
    build(&env, &["dev"], &[]).output().status(0);
    let records = fetches(&env);
    let last = records.last().unwrap();
    assert_eq!(last.event, Event::Fetched);
    assert_eq!(last.repository.as_deref(), Some("private/acme/lib-a"));
    let log = jump.log();
    assert!(
        log.contains(&format!("target {PRIVATE_HOST} port 22")),
        "{log}"
    );
}

#[test]
fn a_jump_host_without_a_known_key_is_not_passed() {
    let env = env();
    let jump = JumpHost::start(env.lab(), "dev").unwrap();
    knows(&env, &[&private_keys(&env)]);
    behind(&env, &way_over(&jump));
    let built = build(&env, &["dev"], &[]).output();
    let name = format!("[127.0.0.1]:{}", jump.port());
    built.status(77).stderr_has(&format!(
        "keystay: error: the build was refused a fetch: host key not known ({name})"
    ));
    built.stderr_has(&format!("no key of {name} is known"));
    let records = fetches(&env);
    let last = records.last().unwrap();
    assert_eq!(last.event, Event::Refused);
    assert_eq!(last.reason, Some(Reason::HostNotKnown));
    assert_eq!(jump.log(), "", "the jump host was dialled");
}

#[test]
fn a_jump_host_that_shows_another_key_ends_with_76() {
    let env = env();
    let jump = JumpHost::start(env.lab(), "dev").unwrap();
    let (kind, keys) = ("ssh-ed25519", private_keys(&env));
    let other = keys.lines().find(|line| line.contains(kind)).unwrap();
    let name = format!("[127.0.0.1]:{} ", jump.port());
    let other = other.replace(&format!("{PRIVATE_HOST} "), &name);
    knows(&env, &[&keys, &other]);
    behind(&env, &way_over(&jump));
    let built = build(&env, &["dev"], &[]).output();
    built.status(76).stderr_has(&format!(
        "keystay: error: [127.0.0.1]:{} showed another host key than the known one",
        jump.port()
    ));
    let log = jump.log();
    assert!(!log.contains("Accepted publickey"), "{log}");
}

/// The git host's keys under the private host's address.
fn private_keys(env: &Env) -> String {
    let lines = env.lab().git_host().known_hosts().lines();
    let keys = lines.filter_map(|line| line.split_once(' '));
    let keys: Vec<_> = keys
        .map(|(_, key)| format!("{PRIVATE_HOST} {key}\n"))
        .collect();
    keys.concat()
}

fn knows(env: &Env, lines: &[&str]) {
    env.home_file(".ssh/known_hosts", &lines.join("\n"));
}

fn way_over(jump: &JumpHost) -> String {
    format!("  ProxyJump git@127.0.0.1:{}\n", jump.port())
}

/// A build that fetches from the private host, to which `ssh_config` tells the way.
fn behind(env: &Env, way: &str) {
    let host = format!("Host private\n  HostName {PRIVATE_HOST}\n  User git\n{way}");
    env.home_file(".ssh/config", &host);
    env.file(
        "Dockerfile",
        "FROM keystay/base:1\n\
         RUN --mount=type=ssh git clone private:acme/lib-a.git /a && cat /a/README\n",
    );
}
