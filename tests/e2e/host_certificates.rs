//! Hosts that are known by an authority of theirs, as OpenSSH knows them.

use keystay_tests::{
    env::{Env, Output},
    lab::{AuthorityHost, Lab},
};

use crate::certificates::with_certificate;

#[test]
fn a_host_is_known_by_its_authority_in_both_modes() {
    let (env, host) = ground();
    knows(
        &env,
        &[host.cert_authority(&format!("[127.0.0.1]:{}", host.port()))],
    );
    built(&env, &host, "fetch", 0);
    built(&env, &host, "sign", 0).stderr_has(&format!("127.0.0.1:{} verified 1", host.port()));
    // A line without a port is about every port.
    knows(&env, &[host.cert_authority("127.0.0.*")]);
    built(&env, &host, "fetch", 0);
    built(&env, &host, "sign", 0).stderr_has("127.0.0.1 verified 1");
}

#[test]
fn a_build_that_names_its_host_is_told_of_an_authority_whose_line_has_no_port() {
    let (env, host) = ground();
    knows(&env, &[host.cert_authority("127.0.0.*")]);
    let name = format!("127.0.0.1:{}", host.port());
    let output = built_with(
        &env,
        &host,
        &["--mode", "sign", "--host", &name, "--strict"],
        0,
    );
    output.stderr_has(&format!("{name} verified 1"));
}

#[test]
fn an_authority_of_other_hosts_is_not_believed() {
    let (env, host) = ground();
    knows(&env, &[host.cert_authority("*.corp.example")]);
    built(&env, &host, "fetch", 77);
    assert!(!host.log().contains("Accepted"), "{}", host.log());
}

#[test]
fn a_revoked_authority_or_key_is_not_accepted() {
    let (env, host) = ground();
    for revoked in ["ca", "host_key"] {
        knows(&env, &[host.cert_authority("*"), host.revoked(revoked)]);
        built(&env, &host, "fetch", 1).stderr_has("showed a key that ");
    }
    assert!(!host.log().contains("Accepted"), "{}", host.log());
}

#[test]
fn a_certificate_that_is_over_or_for_another_host_makes_nothing_known() {
    let (env, host) = ground();
    knows(&env, &[host.cert_authority("*")]);
    for options in [
        ["-h", "-n", "127.0.0.2", "-V", "+1d"],
        ["-h", "-n", "127.0.0.1", "-V", "20200101:20200102"],
        ["-h", "-n", "127.0.0.1", "-V", "20990101:20990102"],
    ] {
        host.certify_host(&options).unwrap();
        let refused = built(&env, &host, "fetch", 77);
        refused.stderr_has(&format!("host key not known ([127.0.0.1]:{})", host.port()));
    }
    assert!(!host.log().contains("Accepted"), "{}", host.log());
    host.certify_host(&["-h", "-n", "127.0.0.1", "-V", "+1d"])
        .unwrap();
    built(&env, &host, "fetch", 0);
}

fn ground() -> (Env, AuthorityHost) {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[1]);
    (env, AuthorityHost::start().unwrap())
}

fn knows(env: &Env, lines: &[String]) {
    env.home_file(".ssh/known_hosts", &lines.concat());
}

/// A build that clones from the host.
#[track_caller]
fn built(env: &Env, host: &AuthorityHost, mode: &str, status: i32) -> Output {
    built_with(env, host, &["--mode", mode], status)
}

#[track_caller]
fn built_with(env: &Env, host: &AuthorityHost, options: &[&str], status: i32) -> Output {
    let words = options.join(" ");
    env.file(
        "Dockerfile",
        &format!(
            "FROM keystay/base:1\nRUN --mount=type=ssh : {words} && git clone {} /a && cat /a/README\n",
            host.url("acme/lib-a")
        ),
    );
    let keystay = env.keystay_alone().args(options).args(["--no-verify"]);
    let run = with_certificate(keystay, host, "-n git -V +5m");
    let output = run.build(env).args(["--no-cache"]).output();
    output.status(status);
    output
}
