//! A build's own key, certified by an authority, logs in to a host that trusts only the authority.

use keystay_proto::control::Event;
use keystay_tests::{
    env::{Env, Run},
    lab::{AuthorityHost, Lab},
};

#[test]
fn a_fresh_key_with_a_certificate_logs_in_from_a_step() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let (env, host) = (Env::on(&lab, engine), AuthorityHost::start().unwrap());
        clones(&env, &host);
        let built = with_certificate(env.keystay(), &host, "-n git -V +5m")
            .build(&env)
            .output();
        built
            .status(0)
            .stderr_has("(ed25519 certificate, certificate:ssh-keygen …) 1 signature");
        built.stderr_has(&format!("127.0.0.1:{} verified 1", host.port()));
        built.stderr_has("keystay: image     CLEAN");
        accepted(&host);
    }
}

#[test]
fn the_broker_logs_in_with_the_certificate() {
    let lab = Lab::up().unwrap();
    let [_, engine] = lab.engines();
    let (env, host) = (Env::on(&lab, engine), AuthorityHost::start().unwrap());
    clones(&env, &host);
    let run = with_certificate(env.keystay_alone(), &host, "-n git -V +5m");
    let built = run.build(&env).output();
    built.status(0).stderr_has("keystay: image     CLEAN");
    let fetched = env.records().into_iter();
    let fetched: Vec<_> = fetched.filter(|it| it.event == Event::Fetched).collect();
    let name = format!("127.0.0.1:{}/acme/lib-a", host.port());
    assert_eq!(fetched.len(), 1);
    assert_eq!(fetched[0].repository.as_deref(), Some(name.as_str()));
    accepted(&host);
}

#[test]
fn a_certificate_for_another_user_opens_nothing() {
    let lab = Lab::up().unwrap();
    let [_, engine] = lab.engines();
    let (env, host) = (Env::on(&lab, engine), AuthorityHost::start().unwrap());
    clones(&env, &host);
    let run = with_certificate(env.keystay_alone(), &host, "-n root -V +5m");
    let built = run.build(&env).output();
    built
        .status(1)
        .stderr_has("accepts none of the grant's keys for git");
    assert!(!host.log().contains("Accepted"), "{}", host.log());
}

#[test]
fn a_command_of_the_configuration_file_certifies() {
    let lab = Lab::up().unwrap();
    let [_, engine] = lab.engines();
    let (env, host) = (Env::on(&lab, engine), AuthorityHost::start().unwrap());
    clones(&env, &host);
    env.home_file(
        ".config/keystay/config.toml",
        &format!(
            "[[key]]\nsource = {{ certificate = {{ command = [\"ssh-keygen\", \"-s\", \"{}\", \
             \"-I\", \"ci job\", \"-n\", \"git\", \"-V\", \"+5m\", \"{{public_key_file}}\"], ttl = \"5m\" }} }}\n",
            host.authority().display()
        ),
    );
    env.keystay_alone().build(&env).output().status(0);
    accepted(&host);
    assert!(host.log().contains("ID \"ci job\""), "{}", host.log());
}

#[test]
fn an_authority_that_refuses_ends_with_66_before_the_build() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    env.file(
        "Dockerfile",
        "FROM keystay/base:1\nRUN --mount=type=ssh true\n",
    );
    let source = "certificate:sh -c 'echo permission denied >&2; exit 2'";
    let built = env
        .keystay_alone()
        .args(["--key", source])
        .build(&env)
        .output();
    built.status(66);
    assert_eq!(
        built.stderr,
        "keystay: error: command sh ended with exit status: 2: permission denied\n"
    );
    assert_eq!(built.stdout, "");
}

#[test]
fn the_running_agent_takes_no_certificate() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    let agent = env
        .keystay_alone()
        .args(["agent", "--key", "certificate:true"])
        .output();
    agent.status(64);
    assert_eq!(
        agent.stderr,
        "keystay: error: a certificate is for one build, and this agent is for many\n\
         hint: name it with the build: `keystay --key certificate:COMMAND build .`\n"
    );
}

/// The person knows the host's own key, and the build clones from it.
fn clones(env: &Env, host: &AuthorityHost) {
    env.home_file(".ssh/known_hosts", &host.known_hosts());
    env.file(
        "Dockerfile",
        &format!(
            "FROM keystay/base:1\nRUN --mount=type=ssh git clone {} /a && cat /a/README\n",
            host.url("acme/lib-a")
        ),
    );
}

pub(crate) fn with_certificate(keystay: Run, host: &AuthorityHost, options: &str) -> Run {
    let authority = host.authority();
    let source = format!(
        "certificate:ssh-keygen -s {} -I ci {options} {{public_key_file}}",
        authority.display()
    );
    keystay.args(["--key", &source])
}

#[track_caller]
fn accepted(host: &AuthorityHost) {
    let log = host.log();
    let line = log
        .lines()
        .find(|line| line.contains("Accepted publickey for git"));
    let line = line.unwrap_or_else(|| panic!("{log}"));
    assert!(
        line.contains("ED25519-CERT") && line.contains("CA ED25519"),
        "{line}"
    );
}
