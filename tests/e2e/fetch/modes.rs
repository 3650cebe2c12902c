//! Fetch mode is the default where the engine can do it, and what is done instead is said.

use keystay_proto::control::{Event, Mode};
use keystay_tests::{env::Env, lab::Lab};

use super::{build, env};

#[test]
fn an_engine_that_cannot_run_the_shim_gets_sign_mode_and_says_why() {
    let lab = Lab::up().unwrap();
    let [older, _] = lab.engines();
    let env = Env::on(&lab, older);
    env.file("Dockerfile", DOCKERFILE);
    let built = build(&env, &["dev"], &[]).output();
    built.status(0).stderr_has("keystay: sign mode: ");
    assert!(env.records().iter().all(|record| record.mode == Mode::Sign));
}

#[test]
fn fetch_mode_that_the_engine_cannot_do_is_refused_with_advice() {
    let lab = Lab::up().unwrap();
    let [older, _] = lab.engines();
    let env = Env::on(&lab, older);
    env.file("Dockerfile", DOCKERFILE);
    let built = build(&env, &["dev"], &["--mode", "fetch"]).output();
    built
        .status(69)
        .stderr_has("keystay: error: ")
        .stderr_has("hint: ");
    built.stderr_has("--mode sign").stdout_is("");
    assert!(env.records().is_empty());
}

#[test]
fn a_list_of_repositories_is_never_given_up_for_sign_mode() {
    let lab = Lab::up().unwrap();
    let [older, _] = lab.engines();
    let env = Env::on(&lab, older);
    env.file("Dockerfile", DOCKERFILE);
    let built = build(&env, &["dev"], &["--repo", "127.0.0.1/acme/lib-a"]).output();
    built
        .status(69)
        .stderr_has("only fetch mode keeps a build to a list of repositories");
    assert!(env.records().is_empty());
}

#[test]
fn sign_mode_and_a_list_contradict_each_other_and_a_project_list_is_told_of() {
    let env = env();
    env.file("Dockerfile", DOCKERFILE);
    let sign = ["--mode", "sign"];
    let list = ["--repo", "127.0.0.1/acme/lib-b"];
    let refused = build(&env, &["dev"], &[sign, list].concat()).output();
    refused.status(64).stdout_is("").says(
        "keystay: error: `--mode sign` keeps a build to no `--repo`: an SSH agent does not see repositories\n\
         hint: leave out one of them, or limit the hosts: `--host NAME`\n",
    );
    assert!(env.records().is_empty());
    env.file("keystay.toml", "repos = [\"127.0.0.1/acme/lib-b\"]\n");
    build(&env, &["dev"], &sign).output().status(0).stderr_has(
        "keystay: sign mode: as asked for, so the list of repositories does not count\n",
    );
}

/// A mount whose type only the engine knows could be given the socket that signs for `ADD`.
#[test]
fn a_step_that_could_see_the_socket_that_signs_is_built_in_sign_mode_only_where_that_is_asked_for()
{
    let env = env();
    let exposed = "could be given the socket that signs for ADD or the context";
    let frontend = "its frontend (`# syntax=`, BUILDKIT_SYNTAX) is no docker/dockerfile:1";
    let hidden = "has a `--mount` that is no flag of a step";
    for (first, step, why) in [
        ("", "ARG T=ssh\nRUN --mount=type=$T ssh-add -l\n", exposed),
        ("", "ONBUILD RUN --mount=type=ssh ssh-add -l\n", exposed),
        (
            "# escape=`\n",
            "RUN --m\\ount=type=ssh ssh-add -l\n",
            hidden,
        ),
        ("", "RUN --mount=\"type=ssh\r\" ssh-add -l\n", exposed),
        (
            "",
            "RUN : << \"USER 0\"\nRUN --mount=type=ssh ssh-add -L\nUSER 0\n",
            hidden,
        ),
        (
            "",
            "RUN : <<\"LABEL a=b${x:-y}\"\nRUN --mount=type=ssh ssh-add -L\nLABEL a=b${x:-y}\n",
            hidden,
        ),
        (
            "# check=skip=all\n# escape=`\n",
            "RUN : # `\nRUN --mount=type=ssh ssh-add -L\n",
            hidden,
        ),
        (
            "# check=skip=all\n# escape=`\n",
            "RUN \\\n--network=none --mount=type=ssh ssh-add -L\n",
            hidden,
        ),
        ("# syntax=evil/frontend\n", "", frontend),
        ("#!/bin/x\n# syntax=docker/dockerfile:1.2\n", "", frontend),
    ] {
        env.file(
            "Dockerfile",
            &format!(
                "{first}FROM keystay/base:1\nADD git@127.0.0.1:acme/lib-a.git /a\nFROM keystay/base:1\n{step}"
            ),
        );
        for options in [&["--mode", "fetch"][..], &[]] {
            let built = build(&env, &["dev"], options).output();
            built.status(69).stdout_is("").stderr_has(why);
        }
    }
    assert!(env.records().is_empty());
}

/// Its Dockerfile is a file in it, and the bytes themselves are none.
#[test]
fn an_archive_without_magic_is_not_read_as_a_dockerfile() {
    let env = env();
    let mut archive = tar::Builder::new(Vec::new());
    let step = "FROM keystay/base:1\nRUN --mount=type=ssh ssh-add -L\n";
    for (name, text) in [
        (
            "a",
            "\nFROM scratch\nADD git@127.0.0.1:acme/lib-a.git /a\nRUN <<EOF\n",
        ),
        ("Dockerfile", step),
        ("z", "\nEOF\n"),
    ] {
        let mut header = tar::Header::new_old();
        header.set_size(text.len().try_into().unwrap());
        header.set_mode(0o644);
        header.set_cksum();
        (archive.append_data(&mut header, name, text.as_bytes())).unwrap();
    }
    let key = format!("file:{}", env.lab().key("dev").display());
    let asked = env
        .keystay_alone()
        .args(["--key", &key, "--mode", "fetch", "build", "-"]);
    let built = asked.stdin(&archive.into_inner().unwrap()).output();
    built
        .status(69)
        .stdout_is("")
        .stderr_has("keystay: error: ");
    assert!(env.records().is_empty());
}

/// It logs in by itself, and the agent that it does so with sees no repositories.
#[test]
fn the_engines_own_git_is_not_let_in_beside_a_list() {
    let env = env();
    let listed = ["--repo", "127.0.0.1/acme/lib-a"];
    env.file(
        "Dockerfile",
        "FROM keystay/base:1\nADD git@127.0.0.1:acme/lib-b.git /b\n",
    );
    let refused = build(&env, &["dev"], &listed).output();
    refused.status(69).stdout_is("").says(
        "keystay: error: only fetch mode keeps a build to a list of repositories: \
         the engine's own git logs in by itself, for ADD or the context; fetch in a RUN step\n\
         hint: or let the build read whatever the keys open, without a list: `keystay --mode sign build …`\n",
    );
    assert!(env.records().is_empty());
}

/// `ADD` over ssh runs outside of every step and needs an agent that signs; no step sees it.
#[test]
fn the_agent_of_the_engines_own_git_is_in_no_step() {
    let env = env();
    env.file(
        "Dockerfile",
        "FROM keystay/base:1\n\
         ADD git@127.0.0.1:acme/lib-a.git /a\n\
         RUN --mount=type=ssh ! ssh-add -l && git clone {git}/acme/lib-b.git /b\n",
    );
    let text = env.keystay_alone().args(["--dry-run"]).build(&env).output();
    text.status(0);
    assert!(
        text.stdout.contains("--ssh 'default=<signing socket>'"),
        "{}",
        text.stdout
    );
    assert!(
        text.stdout.contains("--ssh 'keystay=<grant socket>'"),
        "{}",
        text.stdout
    );
    assert!(
        text.stdout.contains("--mount=type=ssh,id=keystay"),
        "{}",
        text.stdout
    );
}

#[test]
fn keystay_toml_names_the_repositories() {
    let env = env();
    let port = env.lab().git_host().port();
    env.file(
        "keystay.toml",
        &format!("repos = [\"127.0.0.1:{port}/acme/lib-a\"]\n"),
    )
    .file(
        "Dockerfile",
        "FROM keystay/base:1\nRUN --mount=type=ssh git clone {git}/acme/lib-b.git /b\n",
    );
    build(&env, &["dev"], &[]).output().status(77);
    let refused = env.records();
    assert!(refused.iter().any(|record| record.event == Event::Refused));
}

const DOCKERFILE: &str = "\
FROM keystay/base:1
RUN --mount=type=ssh git clone {git}/acme/lib-a.git /a
";
