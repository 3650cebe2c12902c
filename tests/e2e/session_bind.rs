//! Programs that use a grant's socket without an engine before it prove which host they log in to, as
//! OpenSSH does (`session-bind@openssh.com`), and a strict grant takes nothing less.

use std::process::{Command, Output};

use keystay_proto::control::{Event, FetchSpec, Grant, GrantSpec, Hosts, Mode, Reason, Record};
use keystay_tests::{
    env::{Env, PrivateAgent, binary},
    lab::{GitHost, Lab},
};

#[test]
fn ssh_logs_in_to_a_granted_host_that_shows_itself_in_the_bind_alone() {
    let ground = Ground::new();
    let host = ground.lab.plain_host();
    let grant = ground.strict(host);
    let listed = ground.list(host, &grant, &openssh(&ground));
    assert!(listed.status.success(), "{listed:?}");
    assert!(String::from_utf8_lossy(&listed.stdout).contains("HEAD"));
    let allowed = ground.last();
    assert_eq!(allowed.event, Event::Allowed);
    assert_eq!(allowed.host, Some(name(host)));
}

#[test]
fn ssh_logs_in_to_a_host_that_its_login_shows_too() {
    let ground = Ground::new();
    let host = ground.lab.git_host();
    let grant = ground.strict(host);
    let listed = ground.list(host, &grant, &openssh(&ground));
    assert!(listed.status.success(), "{listed:?}");
    assert_eq!(ground.last().host, Some(name(host)));
}

#[test]
fn ssh_gets_nothing_for_a_host_that_is_not_granted() {
    let ground = Ground::new();
    let (granted, other) = (ground.lab.git_host(), ground.lab.plain_host());
    let grant = ground.strict(granted);
    let refused = ground.list(other, &grant, &openssh(&ground));
    assert!(!refused.status.success());
    assert_eq!(ground.last().event, Event::Refused);
    assert_eq!(ground.last().reason, Some(Reason::HostNotGranted));
}

#[test]
fn a_program_that_proves_nothing_gets_nothing_of_a_strict_grant() {
    let ground = Ground::new();
    let host = ground.lab.plain_host();
    let grant = ground.strict(host);
    let paramiko = format!("{} {PARAMIKO}", ground.lab.python().unwrap().display());
    let refused = ground.list(host, &grant, &paramiko);
    assert!(!refused.status.success());
    assert_eq!(ground.last().event, Event::Refused);
    assert_eq!(ground.last().reason, Some(Reason::HostNotVerified));
    // It is strict that makes the difference.
    let grant = ground.grant(host, false);
    let listed = ground.list(host, &grant, &paramiko);
    assert!(listed.status.success(), "{listed:?}");
    assert_eq!(ground.last().host, None);
}

/// A private agent with one key, and a home whose audit log is read.
struct Ground {
    lab: Lab,
    env: Env,
    agent: PrivateAgent,
}

impl Ground {
    fn new() -> Self {
        let lab = Lab::up().unwrap();
        let [engine, _] = lab.engines();
        let env = Env::on(&lab, engine);
        let mut program = Command::new(binary());
        program.env_clear().env("HOME", env.home());
        let key = format!("file:{}", lab.key("dev").display());
        let agent = PrivateAgent::start(program, &["--key", &key]).unwrap();
        Self { lab, env, agent }
    }

    fn strict(&self, host: &GitHost) -> Grant {
        self.grant(host, true)
    }

    fn grant(&self, host: &GitHost, strict: bool) -> Grant {
        self.agent.grant_as(&GrantSpec {
            build: "test".to_owned(),
            mode: Mode::Sign,
            keys: Vec::new(),
            user: "git".to_owned(),
            hosts: Hosts::Only(vec![name(host)]),
            signatures: 50,
            ttl: 600,
            strict,
            fetch: FetchSpec::default(),
        })
    }

    /// `git ls-remote` with this as its ssh.
    fn list(&self, host: &GitHost, grant: &Grant, ssh: &str) -> Output {
        let mut git = Command::new("git");
        git.args(["ls-remote", &host.url("acme/lib-a")])
            .env("HOME", self.env.home())
            .env("SSH_AUTH_SOCK", &grant.socket)
            .env("KNOWN_HOSTS", self.lab.known_hosts())
            .env("GIT_SSH_COMMAND", ssh)
            .env("GIT_SSH_VARIANT", "ssh");
        git.output().expect("git is missing: install git")
    }

    fn last(&self) -> Record {
        self.env.records().pop().unwrap()
    }
}

fn openssh(ground: &Ground) -> String {
    let known_hosts = ground.lab.known_hosts();
    format!(
        "ssh -F none -o BatchMode=yes -o UserKnownHostsFile={}",
        known_hosts.display()
    )
}

fn name(host: &GitHost) -> String {
    format!("[127.0.0.1]:{}", host.port())
}

const PARAMIKO: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/e2e/ssh_agent/libraries/with_paramiko.py"
);
