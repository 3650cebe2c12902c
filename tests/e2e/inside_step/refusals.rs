//! Requests that are well-formed, and not for a build.

use keystay_proto::control::Event;
use keystay_tests::env::Env;

use super::{answers, assert_docker_did_not_crash, build, named, on_each_engine, refusals, step};

on_each_engine! {
    everything_but_a_granted_login_is_refused_and_a_fetch_goes_on
    a_step_that_fails_over_a_refusal_ends_the_build_with_its_reason
}

/// `ssh-add` and `ssh-keygen` first, then raw bytes. Of these the agent never sees what `BuildKit`
/// answers itself: adding, removing, locking, smart cards, extensions, unknown numbers.
fn everything_but_a_granted_login_is_refused_and_a_fetch_goes_on(env: &Env) {
    let lab = env.lab();
    step(env, HOSTILE);
    let host = format!("127.0.0.1:{}", lab.git_host().port());
    let output = build(env, "dev", &["--host", &host]).output();
    output
        .status(0)
        .stderr_lacks("allowed: ")
        .stderr_lacks("\u{1b}");
    assert_docker_did_not_crash(&output);
    let expected: Vec<_> = ANSWERS
        .iter()
        .map(|(name, answer)| format!("{name} = {answer}"))
        .collect();
    assert_eq!(answers(&output), expected);
    assert_eq!(
        refusals(env),
        [
            "not a login: sshsig git",
            "the key is not granted: git",
            "not a login: sshsig git",
            "not a login: unknown data",
            "login as another user: root\\u{1b}]0;x\\u{7}\\r\\nkeystay: all is well\u{fffd}",
            "login for another service: git",
            "host not granted: git",
            "signature algorithm not allowed: git",
            "message not served to builds: SSH_AGENTC_UNLOCK",
        ]
    );
    output.says(&format!(
        "keystay: keys      {} 3 signatures\n\
         keystay: hosts     not shown by the login 1; {host} verified 2\n\
         keystay: refused   1 × the key is not granted (user git); 3 × not a login (sshsig git); \
         1 × login as another user (\"user root\\\\u{{1b}}]0;x\\\\u{{7}}\\\\r\\\\nkeystay: all is well\u{fffd}\"); \
         and 4 more\n",
        named(lab, "dev")
    ));
    let allowed = env
        .records()
        .into_iter()
        .filter(|record| record.event == Event::Allowed);
    let hosts: Vec<_> = allowed.map(|record| record.host).collect();
    let verified = Some(format!("[127.0.0.1]:{}", lab.git_host().port()));
    assert_eq!(hosts, [verified.clone(), None, verified]);
}

fn a_step_that_fails_over_a_refusal_ends_the_build_with_its_reason(env: &Env) {
    step(
        env,
        "ssh-add -L >/tmp/key.pub\n\
         echo words >/tmp/commit\n\
         ssh-keygen -Y sign -n git -f /tmp/key.pub /tmp/commit\n",
    );
    let output = build(env, "dev", &[]).output();
    output.status(77).says(
        "keystay: refused   1 × not a login (sshsig git)\n\
         keystay: error: the build was refused a signature: not a login (sshsig git)\n\
         hint: a build may log in, and nothing else: look for commit signing in the failed step\n",
    );
    assert_docker_did_not_crash(&output);
}

const HOSTILE: &str = "\
refused() { if \"$@\"; then echo \"allowed: $*\"; exit 1; fi; }
git clone -q {git}/acme/lib-a.git /before
ssh-add -L >/tmp/key.pub
echo words >/tmp/commit
ssh-keygen -q -t ed25519 -N '' -f /tmp/new
refused ssh-keygen -Y sign -n git -f /tmp/key.pub /tmp/commit
refused ssh-add -q /tmp/new
refused ssh-add -D
refused ssh-add -d /tmp/key.pub
python3 /agent_client.py login stranger sshsig hash user service host algorithm
python3 /agent_client.py add add-constrained remove remove-all
python3 /agent_client.py add-card add-card-constrained remove-card
python3 /agent_client.py lock unlock query session-bind old-list unknown
git clone -q {git}/acme/lib-b.git /after
";

const ANSWERS: [(&str, &str); 21] = [
    ("login", "signed"),
    ("stranger", "failure"),
    ("sshsig", "failure"),
    ("hash", "failure"),
    ("user", "failure"),
    ("service", "failure"),
    ("host", "failure"),
    ("algorithm", "failure"),
    ("add", "failure"),
    ("add-constrained", "failure"),
    ("remove", "failure"),
    ("remove-all", "failure"),
    ("add-card", "failure"),
    ("add-card-constrained", "failure"),
    ("remove-card", "failure"),
    ("lock", "failure"),
    ("unlock", "failure"),
    ("query", "extension failure"),
    ("session-bind", "extension failure"),
    // No keys of the first protocol version: a list of none.
    ("old-list", "message 2"),
    ("unknown", "failure"),
];
