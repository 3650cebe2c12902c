//! The right key for each repository, chosen on the host; and no other repository.

use keystay_proto::control::{Event, Record};

use super::{build, env, fetches, on_git_host};
use crate::key_file::fingerprint;

#[test]
fn two_deploy_keys_for_two_repositories_of_one_host_work_in_one_step() {
    let env = env();
    env.file(
        "Dockerfile",
        "FROM keystay/base:1\n\
         RUN --mount=type=ssh git clone {git}/acme/lib-a.git /a && git clone {git}/acme/lib-b /b && \
         git -C /a fetch && cat /a/README /b/README\n",
    );
    build(&env, &["deploy-b", "deploy-a"], &[])
        .output()
        .status(0);
    let fetched: Vec<_> = (fetches(&env).into_iter())
        .filter(|record| record.event == Event::Fetched)
        .map(|record| (record.repository.unwrap(), record.key.unwrap().to_string()))
        .collect();
    let key = |name| fingerprint(&env.lab().key(name));
    let (a, b) = (
        on_git_host(&env, "acme/lib-a"),
        on_git_host(&env, "acme/lib-b"),
    );
    let expected = [
        (a.clone(), key("deploy-a")),
        (b, key("deploy-b")),
        (a, key("deploy-a")),
    ];
    assert_eq!(fetched, expected);
}

#[test]
fn the_commits_that_were_fetched_are_recorded() {
    let env = env();
    env.file(
        "Dockerfile",
        "FROM keystay/base:1\n\
         RUN --mount=type=ssh git clone --depth 1 {git}/acme/lib-a.git /a && \
         git -C /a rev-parse HEAD >/commit && cat /commit\n",
    );
    build(&env, &["dev"], &[]).output().status(0);
    let commit = env.ran(env.tag(), &["cat", "/commit"]);
    let records = fetches(&env);
    let wanted = records.last().unwrap().commits.clone();
    assert_eq!(wanted, [commit.stdout.trim()]);
}

#[test]
fn every_protocol_version_and_kind_of_clone_works() {
    let env = env();
    env.file(
        "Dockerfile",
        "FROM keystay/base:1\n\
         RUN --mount=type=ssh set -e; \
         for v in 0 1 2; do git -c protocol.version=$v clone {git}/acme/lib-a.git /v$v; done; \
         git clone --depth 1 {git}/acme/lib-a /shallow; \
         git clone --filter=blob:none {git}/acme/lib-a /partial; \
         git clone --recurse-submodules {git}/acme/with-submodules /sub; \
         git archive --remote={git}/acme/lib-a HEAD | tar -t >/archive; \
         cat /sub/libs/a/README /sub/libs/b/README /partial/README; test -s /archive\n",
    );
    build(&env, &["dev"], &[]).output().status(0);
}

#[test]
fn a_list_lets_the_build_read_what_it_names_and_nothing_else() {
    let env = env();
    env.file(
        "Dockerfile",
        "FROM keystay/base:1\n\
         RUN --mount=type=ssh git clone {git}/acme/lib-a.git /a\n\
         RUN --mount=type=ssh git clone {git}/acme/lib-b.git /b\n",
    );
    let (a, b) = (
        on_git_host(&env, "acme/lib-a"),
        on_git_host(&env, "acme/lib-b"),
    );
    let built = build(&env, &["dev"], &["--repo", &a]).output();
    built.status(77).stderr_has(&format!(
        "keystay: {b} is not granted; allow it: `keystay --repo {b} build …`, or in keystay.toml"
    ));
    let refused = fetches(&env).pop().unwrap();
    assert_eq!(refused.event, Event::Refused);
    assert_eq!(refused.repository, Some(b.clone()));
    build(&env, &["dev"], &["--repo", &a, "--repo", &b])
        .output()
        .status(0);
}

#[test]
fn a_repository_that_no_key_opens_is_said_to_be_so() {
    let env = env();
    env.file(
        "Dockerfile",
        "FROM keystay/base:1\nRUN --mount=type=ssh git clone {git}/acme/lib-b.git /b\n",
    );
    let built = build(&env, &["deploy-a"], &[]).output();
    built.status(1).stderr_has(&format!(
        "keystay: error: {} was not fetched: ",
        on_git_host(&env, "acme/lib-b")
    ));
    built.stderr_has("does not give it to any key of the grant");
    assert_eq!(fetches(&env).pop().unwrap().event, Event::Failed);
}

#[test]
fn a_host_that_shows_another_key_ends_with_76_and_names_the_line() {
    let env = env();
    env.file(
        "Dockerfile",
        "FROM keystay/base:1\nRUN --mount=type=ssh git clone {git}/acme/lib-a.git /a\n",
    );
    // Every key of the plain host, as if it were the git host's.
    let (git, plain) = (env.lab().git_host(), env.lab().plain_host());
    let (old, new) = (format!("]:{}", plain.port()), format!("]:{}", git.port()));
    let file = env.home_file(".ssh/known_hosts", &plain.known_hosts().replace(&old, &new));
    let built = build(&env, &["dev"], &[]).output();
    built.status(76).stderr_has(&format!(
        "hint: if its key was really changed, put the new one in {}:",
        file.display()
    ));
}

#[test]
fn a_host_without_a_known_key_is_refused_and_never_dialled() {
    let env = env();
    env.file(
        "Dockerfile",
        "FROM keystay/base:1\nRUN --mount=type=ssh git clone {git}/acme/lib-a.git /a\n",
    );
    env.home_file(".ssh/known_hosts", "");
    let built = build(&env, &["dev"], &[]).output();
    built.status(77).stderr_has("no host key of 127.0.0.1");
    assert_eq!(fetches(&env).len(), 1);
}

#[test]
fn ssh_config_says_where_a_host_is_and_which_key_it_gets() {
    let env = env();
    let key = env.lab().key("deploy-b");
    env.home_file(
        ".ssh/config",
        &format!(
            "Host work\n  HostName 127.0.0.1\n  Port {}\n  User git\n  IdentityFile {}\n",
            env.lab().git_host().port(),
            key.display()
        ),
    );
    env.file(
        "Dockerfile",
        "FROM keystay/base:1\nRUN --mount=type=ssh git clone work:acme/lib-b.git /b && cat /b/README\n",
    );
    build(&env, &["deploy-a", "deploy-b"], &[])
        .output()
        .status(0);
    let last = fetches(&env).pop().unwrap();
    assert_eq!(last.repository.as_deref(), Some("work/acme/lib-b"));
    assert_eq!(last.key.unwrap().to_string(), fingerprint(&key));
}

/// The stream of a program that is killed is open for a while, also behind the end of its build.
#[test]
fn a_fetch_whose_ssh_is_killed_is_recorded_with_what_it_brought() {
    let env = env();
    let port = env.lab().git_host().port();
    let ssh = format!("GIT_PROTOCOL=version=2 ssh -o SendEnv=GIT_PROTOCOL -p {port} git@127.0.0.1");
    env.file(
        "Dockerfile",
        &format!(
            "FROM keystay/base:1\n\
             RUN --mount=type=ssh git ls-remote {{git}}/acme/lib-a HEAD | cut -c1-40 >/oid; \
             {{ printf '0012command=fetch\\n00010032want %s\\n0009done\\n0000' \"$(cat /oid)\"; sleep 60; }} \
             | {ssh} \"git-upload-pack 'acme/lib-a'\" >/pack & \
             until grep -qa PACK /pack; do sleep 0.1; done; kill -9 $!\n"
        ),
    );
    build(&env, &["dev"], &[]).output().status(0);
    let brought = fetches(&env).pop().unwrap();
    assert_eq!(brought.event, Event::Fetched);
    assert_eq!(brought.commits.len(), 1, "{brought:?}");
}

#[test]
fn a_login_name_of_the_command_line_stands_before_that_of_ssh_config() {
    let env = env();
    let port = env.lab().git_host().port();
    env.home_file(".ssh/config", "Host 127.0.0.1\n User nobody\n");
    env.file(
        "Dockerfile",
        &format!(
            "FROM keystay/base:1\n\
             RUN --mount=type=ssh git ls-remote ssh://127.0.0.1:{port}/acme/lib-a\n"
        ),
    );
    let used = || fetches(&env).pop().unwrap().user;
    build(&env, &["dev"], &["--user", "git"]).output().status(0);
    assert_eq!(used().as_deref(), Some("git"));
    let configured = build(&env, &["dev"], &[]).args(["--no-cache"]).output();
    assert_ne!(configured.status, 0);
    assert_eq!(used().as_deref(), Some("nobody"));
}

#[test]
fn git_lfs_is_told_where_to_download() {
    let env = env();
    let port = env.lab().git_host().port();
    env.file(
        "Dockerfile",
        &format!(
            "FROM keystay/base:1\n\
             RUN --mount=type=ssh ssh -p {port} git@127.0.0.1 git-lfs-authenticate acme/lib-a.git \
             download | grep RemoteAuth\n"
        ),
    );
    build(&env, &["dev"], &[]).output().status(0);
    let told = "the host gives the step a token for large files";
    let records = env.records();
    let of_token = |record: &&Record| record.detail.as_deref() == Some(told);
    let allowed = records.iter().find(of_token).unwrap();
    assert_eq!(allowed.event, Event::Allowed);
}
