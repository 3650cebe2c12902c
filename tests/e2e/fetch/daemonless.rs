//! Fetch mode in podman and buildah.

use keystay_proto::control::{Event, Mode};
use keystay_tests::{
    env::{Env, Run},
    lab::{Daemonless, Lab},
};

use super::{fetches, on_git_host};

#[test]
fn podman_fetches_with_the_right_key_for_each_repository() {
    let lab = Lab::up().unwrap();
    two_deploy_keys(&lab, lab.podman(), &["podman", "build"]);
}

#[test]
fn buildah_fetches_with_the_right_key_for_each_repository() {
    let lab = Lab::up().unwrap();
    two_deploy_keys(&lab, lab.buildah(), &["buildah", "build"]);
}

fn two_deploy_keys(lab: &Lab, engine: &Daemonless, words: &[&str]) {
    let env = Env::on_daemonless(lab, engine);
    env.file(
        "Dockerfile",
        "FROM keystay/git-only:1\nUSER 1234\n\
         RUN --mount=type=ssh git clone {git}/acme/lib-a.git /tmp/a && \
         git clone {git}/acme/lib-b /tmp/b && cat /tmp/a/README /tmp/b/README\n",
    );
    build(&env, words, &[])
        .output()
        .status(0)
        .stderr_has("CLEAN");
    let records = fetches(&env);
    assert!(records.iter().all(|record| record.mode == Mode::Fetch));
    let ended: Vec<_> = (records.iter())
        .filter(|record| record.event == Event::Fetched)
        .filter_map(|record| record.repository.clone())
        .collect();
    let names = ["acme/lib-a", "acme/lib-b"].map(|name| on_git_host(&env, name));
    assert_eq!(ended, names);
}

#[test]
fn podman_leaves_nothing_of_the_shim_in_the_image() {
    let lab = Lab::up().unwrap();
    let env = Env::on_daemonless(&lab, lab.podman());
    env.file(
        "Dockerfile",
        "FROM keystay/git-only:1\nRUN --mount=type=ssh git clone {git}/acme/lib-a.git /a\n\
         RUN test ! -e /usr/local/bin/ssh\n",
    );
    build(&env, &["podman", "build"], &[]).output().status(0);
}

#[test]
fn a_repository_outside_of_the_list_is_refused_in_podman_and_buildah() {
    let lab = Lab::up().unwrap();
    for engine in [lab.podman(), lab.buildah()] {
        let env = Env::on_daemonless(&lab, engine);
        env.file(
            "Dockerfile",
            "FROM keystay/base:1\nRUN --mount=type=ssh git clone {git}/acme/lib-b.git /b\n",
        );
        let only = on_git_host(&env, "acme/lib-a");
        let built = build(&env, &[engine.name(), "build"], &["--repo", &only]).output();
        built.status(77).stderr_has("acme/lib-b is not granted");
    }
}

/// Podman reads several files as one, and has others processed first: what it builds is not known.
#[test]
fn a_list_is_never_given_up_for_a_file_that_podman_makes() {
    let lab = Lab::up().unwrap();
    for engine in [lab.podman(), lab.buildah()] {
        let env = Env::on_daemonless(&lab, engine);
        env.file("first.Dockerfile", "FROM keystay/base:1\n");
        let step = "RUN --mount=type=ssh ssh-add -l\n";
        env.file("second.Dockerfile", &format!("FROM keystay/base:1\n{step}"));
        env.file("third.in", &format!("FROM keystay/base:1\n{step}"));
        let only = on_git_host(&env, "acme/lib-a");
        for files in [
            &["-f", "first.Dockerfile", "-f", "second.Dockerfile"][..],
            &["-f", "third.in"],
        ] {
            for (options, error) in [
                (
                    &["--repo", &only][..],
                    "only fetch mode keeps a build to a list",
                ),
                (&["--mode", "fetch"], "keystay: error: "),
            ] {
                let run = build(&env, &[engine.name(), "build"], options);
                let built = run.args(files).output();
                built.status(69).stdout_is("").stderr_has(error);
            }
        }
        assert!(env.records().is_empty());
    }
}

/// Their releases differ in what they do with `ADD` of a repository; a list holds whatever that is.
#[test]
fn the_engines_own_git_is_not_let_in_beside_a_list() {
    let lab = Lab::up().unwrap();
    for engine in [lab.podman(), lab.buildah()] {
        let env = Env::on_daemonless(&lab, engine);
        env.file(
            "Dockerfile",
            "FROM keystay/base:1\nADD git@127.0.0.1:acme/lib-b.git /b\n",
        );
        let only = on_git_host(&env, "acme/lib-a");
        let built = build(&env, &[engine.name(), "build"], &["--repo", &only]).output();
        let why = "keystay: error: only fetch mode keeps a build to a list of repositories: the engine's own git";
        built.status(69).stdout_is("").stderr_has(why);
        assert!(env.records().is_empty());
    }
}

/// Their reader knows no heredocs: what is a shell's text elsewhere is a step to it.
#[test]
fn no_step_that_is_read_otherwise_sees_a_key() {
    let lab = Lab::up().unwrap();
    for engine in [lab.podman(), lab.buildah()] {
        let env = Env::on_daemonless(&lab, engine);
        env.file(
            "Dockerfile",
            "FROM scratch AS unbuilt\nADD git@127.0.0.1:acme/lib-b.git /b\nFROM keystay/base:1\n\
             RUN : <<\"USER 0\"\nRUN --mount=type=ssh ssh-add -L\nUSER 0\n",
        );
        let built = build(&env, &[engine.name(), "build"], &["--mode", "fetch"]).output();
        built.stderr_lacks("ssh-ed25519").stderr_has("ssh-add -L");
        assert!(!built.stdout.contains("ssh-ed25519"), "{}", built.stdout);
    }
}

#[test]
fn a_large_clone_survives_connections_that_are_cut() {
    let lab = Lab::up().unwrap();
    let env = Env::on_daemonless(&lab, lab.buildah());
    env.file(
        "Dockerfile",
        "FROM keystay/base:1\n\
         RUN --mount=type=ssh git clone --bare {git}/acme/large.git /l && git -C /l fsck && rm -r /l\n",
    );
    build(&env, &["buildah", "build"], &["--no-verify"])
        .output()
        .status(0);
}

fn build(env: &Env, words: &[&str], options: &[&str]) -> Run {
    let keys = ["deploy-b", "deploy-a", "dev"].iter().flat_map(|key| {
        let source = format!("file:{}", env.lab().key(key).display());
        ["--key".to_owned(), source]
    });
    let run = env.keystay_alone().args(keys).args(options).args(words);
    run.args(["--tag", env.tag(), "."])
}
