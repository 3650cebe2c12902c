//! Fetch mode works in images and steps that know nothing of ssh.

use std::{fs, os::unix::fs::PermissionsExt as _};

use keystay::shim::{Platform, bytes};
use keystay_proto::control::Mode;
use keystay_tests::{
    env::{Env, PrivateAgent, binary},
    lab::Lab,
};

use super::{build, env, fetches};

#[test]
fn a_step_without_root_fetches() {
    let env = env();
    env.file(
        "Dockerfile",
        "FROM keystay/base:1\nUSER 1234:1234\n\
         RUN --mount=type=ssh HOME=/tmp git clone {git}/acme/lib-a.git /tmp/a && cat /tmp/a/README\n",
    );
    build(&env, &["dev"], &[]).output().status(0);
}

#[test]
fn an_image_without_an_ssh_client_fetches() {
    let env = env();
    env.file(
        "Dockerfile",
        "FROM keystay/git-only:1\n\
         RUN ! command -v ssh\n\
         RUN --mount=type=ssh git clone {git}/acme/lib-a.git /a\n",
    );
    build(&env, &["dev"], &[]).output().status(0);
}

#[test]
fn a_dockerfile_that_knows_nothing_of_ssh_fetches_when_all_is_wired() {
    let env = env();
    let url = env.lab().git_host().url("acme/lib-a");
    env.file("fetch.sh", &format!("git clone {url} /a\n")).file(
        "Dockerfile",
        "FROM keystay/base:1\nCOPY fetch.sh /\nRUN sh /fetch.sh\n",
    );
    let built = build(&env, &["dev"], &[]).output();
    assert_ne!(built.status, 0);
    build(&env, &["dev"], &["--wire", "all"]).output().status(0);
}

#[test]
fn https_addresses_of_listed_repositories_are_served_too() {
    let env = env();
    let port = env.lab().git_host().port();
    env.file(
        "Dockerfile",
        "FROM keystay/base:1\n\
         RUN --mount=type=ssh git clone https://127.0.0.1/acme/lib-a.git /a && \
         git clone https://127.0.0.1/acme/lib-a /b && git -C /a remote -v\n",
    );
    env.home_file(".ssh/config", &format!("Host 127.0.0.1\n  Port {port}\n"));
    let built = build(&env, &["dev"], &["--repo", "127.0.0.1/acme/lib-a"]).output();
    built.status(0);
    assert!(!fetches(&env).is_empty());
}

/// History and content of the image are those of a build without Keystay.
#[test]
fn nothing_of_the_wiring_is_in_the_image() {
    let env = env();
    env.file(
        "Dockerfile",
        "FROM keystay/base:1\n\
         RUN --mount=type=ssh git clone {git}/acme/lib-a.git /a && rm -r /a/.git\n",
    );
    build(&env, &["dev"], &[]).output().status(0);
    let ask = |arguments: &[&str]| env.docker().args(arguments).output();
    let history = ask(&[
        "history",
        "--no-trunc",
        "--format",
        "{{.CreatedBy}}",
        env.tag(),
    ]);
    let newest = history.stdout.lines().next().unwrap();
    let expected = format!(
        "RUN /bin/sh -c git clone {} /a && rm -r /a/.git # buildkit",
        env.lab().git_host().url("acme/lib-a")
    );
    assert_eq!(newest, expected);
    assert!(!history.stdout.contains("keystay."));
    let left = ask(&[
        "run",
        "--rm",
        "--network",
        "none",
        env.tag(),
        "find",
        "/",
        "-xdev",
        "-newer",
        "/etc/hostname",
        "-path",
        "*keystay*",
    ]);
    left.stdout_is("");
    let ssh = ask(&[
        "run",
        "--rm",
        "--network",
        "none",
        env.tag(),
        "ls",
        "/usr/local/bin",
    ]);
    ssh.stdout_is("");
}

#[test]
fn an_arm64_image_fetches_under_emulation() {
    let env = env();
    let image = env.lab().arm64().unwrap();
    env.file(
        "Dockerfile",
        &format!(
            "FROM {image}\n\
             RUN --mount=type=ssh uname -m && git clone {{git}}/acme/lib-a.git /a && cat /a/README\n"
        ),
    );
    let built = (env.keystay_alone())
        .args(["--key", &format!("file:{}", env.lab().key("dev").display())])
        .args(["build", "--platform", "linux/arm64", "--progress", "plain"])
        .args(["--network", "host", "--tag", env.tag(), "."])
        .output();
    built.status(0).stderr_has("aarch64");
}

#[test]
fn steps_of_two_architectures_in_one_build_get_the_shim_of_their_own() {
    let env = env();
    let image = env.lab().arm64().unwrap();
    let fetch = "RUN --mount=type=ssh uname -m && git clone {git}/acme/lib-a.git /a\n";
    env.file(
        "Dockerfile",
        &format!(
            "FROM --platform=linux/arm64 {image} AS arm\n{fetch}\
             FROM --platform=linux/amd64 keystay/git-only:1\nCOPY --from=arm /a /arm\n{fetch}"
        ),
    );
    let built = build(&env, &["dev"], &["--no-verify"]).output();
    built.status(0).stderr_has("aarch64").stderr_has("x86_64");
}

/// Docker 20.10 cannot run the shim from a secret, but its own BuildKit client carries the tunnel.
#[test]
fn the_tunnel_passes_the_client_of_an_engine_that_cannot_do_fetch_mode() {
    let lab = Lab::up().unwrap();
    let [older, _] = lab.engines();
    let env = Env::on(&lab, older);
    let key = format!("file:{}", lab.key("dev").display());
    let mut command = std::process::Command::new(binary());
    command.envs(older.env()).env("HOME", env.home());
    let agent = PrivateAgent::start(command, &["--key", &key]).unwrap();
    let grant = agent.grant_of(Mode::Fetch);
    let shim = env.context().join("ssh");
    fs::write(&shim, bytes(Platform::of_host())).unwrap();
    fs::set_permissions(&shim, fs::Permissions::from_mode(0o755)).unwrap();
    env.file(
        "Dockerfile",
        "FROM keystay/git-only:1\nCOPY ssh /usr/local/bin/\n\
         RUN --mount=type=ssh git clone --bare {git}/acme/large.git /l && git -C /l fsck && rm -r /l\n",
    );
    let ssh = format!("default={}", grant.socket.display());
    let built = env.docker().args(["build", "--ssh", &ssh]).args([
        "--network",
        "host",
        "--tag",
        env.tag(),
        ".",
    ]);
    built.output().status(0);
}
