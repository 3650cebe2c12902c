//! Signatures, time and verified hosts run out for a step as they were granted.

use keystay_proto::control::Event;
use keystay_tests::env::Env;

use super::{answers, assert_docker_did_not_crash, build, named, on_each_engine, refusals, step};

on_each_engine! {
    the_fifty_first_of_fifty_signatures_is_refused
    a_grant_that_has_expired_signs_nothing
    a_host_that_the_login_does_not_show_is_refused_by_a_strict_build
}

fn the_fifty_first_of_fifty_signatures_is_refused(env: &Env) {
    step(
        env,
        "git clone -q {git}/acme/lib-a.git /before\n\
         python3 /agent_client.py spend 50\n\
         if git clone -q {git}/acme/lib-b.git /after; then exit 1; fi\n",
    );
    let output = build(env, "dev", &["--signatures", "50"]).output();
    output.status(0).says(&format!(
        "keystay: keys      {} 50 signatures\n\
         keystay: hosts     not shown by the login 49; 127.0.0.1:{} verified 1\n\
         keystay: refused   2 × every signature of the grant was used (user git)\n",
        named(env.lab(), "dev"),
        env.lab().git_host().port(),
    ));
    assert_eq!(answers(&output), ["spend = 49 signed, then failure"]);
    assert_eq!(
        refusals(env),
        ["every signature of the grant was used: git"; 2]
    );
    let records = env.records();
    let allowed = records
        .iter()
        .filter(|record| record.event == Event::Allowed);
    assert_eq!(allowed.count(), 50);
    assert_docker_did_not_crash(&output);
}

fn a_grant_that_has_expired_signs_nothing(env: &Env) {
    step(env, "sleep 2\ngit clone -q {git}/acme/lib-a.git /src\n");
    let output = build(env, "dev", &["--ttl", "1s"]).output();
    output.status(77).says(
        "keystay: refused   1 × the grant has expired\n\
         keystay: error: the build was refused a signature: the grant has expired\n\
         hint: give the build more time: `keystay --ttl 2h build …`\n",
    );
    assert_eq!(refusals(env), ["the grant has expired"]);
    assert_docker_did_not_crash(&output);
}

fn a_host_that_the_login_does_not_show_is_refused_by_a_strict_build(env: &Env) {
    step(env, "git clone -q {plain}/acme/lib-a.git /src\n");
    let output = build(env, "dev", &["--strict"]).output();
    output.status(77).says(
        "keystay: refused   1 × host not verified (user git)\n\
         keystay: error: the build was refused a signature: host not verified (user git)\n\
         hint: the login does not show its host (GitHub's and GitLab.com's never do): leave out `--strict`\n",
    );
    assert_eq!(refusals(env), ["host not verified: git"]);
    build(env, "dev", &[]).output().status(0).says(&format!(
        "keystay: keys      {} 1 signature\n\
         keystay: hosts     not shown by the login 1\n",
        named(env.lab(), "dev")
    ));
}
