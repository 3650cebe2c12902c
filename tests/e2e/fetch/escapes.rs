//! What a hostile step tries in fetch mode is refused, recorded and visible.

use keystay_proto::control::{Event, Reason};
use keystay_tests::env::{Env, Output};

use super::{build, env, fetches, on_git_host};

#[test]
fn a_push_is_refused() {
    let env = env();
    let built = attempt(
        &env,
        "git clone {git}/acme/lib-a /a && cd /a && git -c user.name=x -c user.email=x commit -q \
         --allow-empty -m x && ! git push origin HEAD:refs/heads/evil",
    );
    built
        .status(0)
        .stderr_has("keystay: `git-receive-pack` does not read a repository");
    assert_eq!(refusals(&env), [Reason::NotAFetch]);
}

#[test]
fn commands_that_are_no_fetch_are_refused() {
    let env = env();
    let port = env.lab().git_host().port();
    let attempts = [
        "git-receive-pack 'acme/lib-a'",
        "git-upload-pack 'acme/lib-a'; id",
        "git-upload-pack 'acme/lib-a' && id",
        "git-upload-pack 'acme/lib-a' 'acme/lib-b'",
        "git-upload-pack '--upload-pack=id' 'acme/lib-a'",
        "git-upload-pack --upload-pack=id",
        "git-upload-pack '-x'",
        "git-upload-pack 'acme/../../etc'",
        "git-upload-pack 'acme/lib-a'\\''; id; '\\'''",
        "git-upload-pack $(id)",
        "git-upload-pack 'acme/**'",
        "git-upload-pack acme/lib-a`id`",
        "git-shell -c help",
        "git-lfs-authenticate acme/lib-a upload",
        "scp -t /",
        "id",
    ];
    let list = attempts.join("\n");
    env.file("attempts", &format!("{list}\n"));
    env.file(
        "Dockerfile",
        &format!(
            "FROM keystay/base:1\nCOPY attempts /\nRUN --mount=type=ssh \
             while read -r command; do if ssh -p {port} git@127.0.0.1 \"$command\" </dev/null; \
             then echo \"pass''ed: $command\"; fi; done </attempts\n"
        ),
    );
    let built = build(&env, &["dev"], &["--no-verify"]).output();
    built
        .status(0)
        .stderr_lacks("passed: ")
        .stderr_lacks("uid=");
    assert_eq!(refusals(&env).len(), attempts.len());
    let records = fetches(&env);
    assert!(records.iter().all(|record| record.event == Event::Refused));
}

#[test]
fn another_login_host_and_port_are_refused() {
    let env = env();
    let (git, plain) = (env.lab().git_host().port(), env.lab().plain_host().port());
    env.file(
        "Dockerfile",
        &format!(
            "FROM keystay/base:1\nRUN --mount=type=ssh \
             ! git ls-remote ssh://root@127.0.0.1:{git}/acme/lib-a && \
             ! git ls-remote ssh://git@127.0.0.1:{plain}/acme/lib-a && \
             ! git ls-remote ssh://git@127.0.0.1:22/acme/lib-a && \
             ! git ls-remote ssh://git@evil.example/acme/lib-a && \
             ! ssh 'git@[127.0.0.1]:{git}' \"git-upload-pack 'acme/lib-a'\" </dev/null\n"
        ),
    );
    let host = format!("127.0.0.1:{git}");
    let built = build(&env, &["dev"], &["--no-verify", "--host", &host]).output();
    built.status(0);
    assert_eq!(
        refusals(&env),
        [
            Reason::WrongUser,
            Reason::HostNotGranted,
            Reason::HostNotGranted,
            Reason::HostNotGranted,
            Reason::NoRepository
        ]
    );
}

#[test]
fn the_socket_lists_no_key_and_signs_nothing() {
    let env = env();
    let public = std::fs::read_to_string(format!("{}.pub", env.lab().key("dev").display()));
    env.file("key.pub", &public.unwrap());
    let built = attempt(
        &env,
        "! ssh-add -l && echo data >/data && ! ssh-keygen -Y sign -n git -f /key.pub /data && \
         ! ssh-add -D",
    );
    built.status(0).stderr_has("The agent has no identities.");
    assert!(
        fetches(&env)
            .iter()
            .all(|record| record.event == Event::Refused)
    );
}

/// What the tunnel itself is given: frames for streams of others, replays, endless streams.
#[test]
fn forged_and_replayed_frames_are_refused() {
    let env = env();
    let built = python(&env, "forge replay", &[]);
    built
        .status(0)
        .stderr_has("answer: forge exchange = refused: no such stream")
        .stderr_has("answer: forge close = refused: no such stream")
        .stderr_has("answer: replay open = refused: no such stream")
        .stderr_has("answer: replay exchange = refused: no such stream")
        .stderr_has("answer: replay same bytes = the same");
    let refused = refusals(&env);
    assert!(refused.iter().all(|reason| *reason == Reason::NoStream));
    assert_eq!(refused.len(), 5, "and the frame that came after the end");
}

#[test]
fn a_stream_that_sends_without_end_is_ended() {
    let env = env();
    let built = python(&env, "flood", &[]);
    built.status(0).stderr_has("answer: flood = ended");
    assert_eq!(refusals(&env), [Reason::TooMuchInput]);
}

/// The log holds three files of 16 MiB: a build that may write them full would have the records of others gone.
#[test]
fn a_step_that_writes_the_log_full_is_ended() {
    let env = env();
    let only = on_git_host(&env, "acme/lib-a");
    let built = python(&env, "spend", &["--repo", &only]);
    built
        .status(0)
        .stderr_has("answer: spend = ended")
        .stderr_has("keystay: refused   1 × too many records, the grant is closed; ");
    let refusals = refusals(&env);
    let (last, before) = refusals.split_last().unwrap();
    assert_eq!(*last, Reason::RecordsSpent);
    assert!(
        before
            .iter()
            .all(|reason| *reason == Reason::RepositoryNotGranted)
    );
}

#[test]
fn what_a_server_writes_cannot_steer_the_terminal() {
    let env = env();
    let built = attempt(&env, "! git ls-remote {git}/acme/escapes");
    built
        .status(0)
        .stderr_has("hello \\u{1b}]0;owned\\u{7}\\u{1b}[2J")
        .stderr_lacks("\u{1b}")
        .stderr_lacks("\u{7}");
}

/// A build of one step in a shell.
fn attempt(env: &Env, script: &str) -> Output {
    env.file(
        "Dockerfile",
        &format!("FROM keystay/base:1\nCOPY . /\nRUN --mount=type=ssh {script}\n"),
    );
    build(env, &["dev"], &["--no-verify"]).output()
}

/// A build of one step that speaks to the tunnel itself.
fn python(env: &Env, what: &str, options: &[&str]) -> Output {
    env.file("tunnel_client.py", include_str!("tunnel_client.py"));
    let port = env.lab().git_host().port();
    env.file(
        "Dockerfile",
        &format!(
            "FROM keystay/python:1\nCOPY tunnel_client.py /\n\
             RUN --mount=type=ssh python3 /tunnel_client.py {port} {what}\n"
        ),
    );
    build(env, &["dev"], &[&["--no-verify"], options].concat()).output()
}

/// The reasons of all refusals, in order.
fn refusals(env: &Env) -> Vec<Reason> {
    let records = env.records();
    records.iter().filter_map(|record| record.reason).collect()
}
