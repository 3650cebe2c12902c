//! Bytes that are no messages, too many connections and stalled ones.

use keystay_proto::control::Reason;
use keystay_tests::env::Env;

use super::{answers, assert_docker_did_not_crash, build, on_each_engine, refusals, step};

on_each_engine! {
    bytes_that_are_no_message_harm_nobody
    floods_and_stalls_are_bounded_and_a_build_beside_them_is_unharmed
}

/// `BuildKit` decodes messages before it passes them on, so of these the agent sees one: the large
/// one, as long as `BuildKit` allows, of which it reads no more than the length.
fn bytes_that_are_no_message_harm_nobody(env: &Env) {
    step(
        env,
        "git clone -q {git}/acme/lib-a.git /before\n\
         python3 /agent_client.py garbage truncated trailing nested list-trailing\n\
         python3 /agent_client.py large empty endless half login\n\
         git clone -q {git}/acme/lib-b.git /after\n",
    );
    let output = build(env, "dev", &[]).output();
    output.status(0);
    assert_docker_did_not_crash(&output);
    assert_eq!(
        answers(&output),
        [
            "garbage = failure",
            "truncated = failure",
            "trailing = failure",
            "nested = failure",
            "list-trailing = 1 keys",
            "large = failure",
            "empty = nothing",
            "endless = nothing",
            "half = nothing",
            "login = signed",
        ]
    );
    assert_eq!(
        refusals(env),
        ["message too long: 16777216 bytes, 262144 at most"]
    );
    output.stderr_has("keystay: refused   1 × message too long (16777216 bytes, 262144 at most)\n");
}

/// A session of `BuildKit` serves 250 connections at a time.
fn floods_and_stalls_are_bounded_and_a_build_beside_them_is_unharmed(env: &Env) {
    step(
        env,
        "git clone -q {git}/acme/lib-a.git /before\n\
         python3 /agent_client.py flood 250\n\
         git clone -q {git}/acme/lib-a.git /between\n\
         python3 /agent_client.py beside 100 git clone -q {git}/acme/lib-b.git /beside\n\
         git clone -q {git}/acme/lib-b.git /after\n",
    );
    let other = Env::on(env.lab(), env.engine());
    other.file("agent_client.py", "");
    step(
        &other,
        "for n in 1 2 3 4 5; do git clone -q {git}/acme/lib-a.git /$n; done\n",
    );
    let flooded = build(env, "dev", &[]).start();
    let beside = build(&other, "deploy-a", &[]).output();
    let flooded = flooded.wait();
    beside.status(0).stderr_lacks("keystay: refused");
    flooded.status(0);
    assert_docker_did_not_crash(&flooded);
    assert_eq!(
        answers(&flooded),
        ["flood = 128 listed, 122 not", "beside = status 0"]
    );
    let refused = refusals(env);
    assert_eq!(refused, vec![Reason::TooManyConnections.to_string(); 122]);
    flooded.stderr_has("keystay: refused   122 × too many connections\n");
    assert!(refusals(&other).is_empty());
}
