//! A hostile build step gets nothing out of its agent socket that the grant does not hold: every
//! attempt is refused or bounded, recorded with its reason, and a fetch beside it is unharmed.
//!
//! In docker, `BuildKit`'s client stands between the step and the grant's socket. It answers add,
//! remove, lock, smart cards, extensions, unknown numbers and malformed messages itself; list, sign
//! and unlock reach the agent. `direct` sends the others to the grant's socket without docker.

mod bounds;
mod direct;
mod keys;
mod limits;
mod refusals;

use std::{fs, path::Path, process::Command};

use keystay_proto::control::{Event, Record};
use keystay_tests::{
    env::{Env, Output, Run},
    lab::{Engine, GitHost, Lab},
};

/// One test on each engine of the lab, from a function of the environment.
macro_rules! on_each_engine {
    ($($name:ident)+) => {
        mod docker_20_10 {
            $(#[test] fn $name() { super::$name(&crate::inside_step::env(|[engine, _]| engine)); })+
        }
        mod docker_26 {
            $(#[test] fn $name() { super::$name(&crate::inside_step::env(|[_, engine]| engine)); })+
        }
    };
}
use on_each_engine;

fn env(choose: impl Fn(&[Engine; 2]) -> &Engine) -> Env {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, choose(lab.engines()));
    env.file(
        "agent_client.py",
        include_str!("inside_step/agent_client.py"),
    );
    env
}

/// A build of one step, which runs `script` with the agent's socket.
fn step(env: &Env, script: &str) {
    env.file("Dockerfile", DOCKERFILE).file("step.sh", script);
    let host = key_blob(env.lab().plain_host());
    fs::write(env.context().join("foreign_host_key"), host).unwrap();
}

/// `keystay OPTIONS build`, with one key, and the image left alone.
fn build(env: &Env, key: &str, options: &[&str]) -> Run {
    let key = format!("file:{}", env.lab().key(key).display());
    let run = env.keystay().args(["--no-verify", "--key", &key]);
    run.args(options).build(env)
}

/// What [`agent_client.py`] printed, in order.
fn answers(output: &Output) -> Vec<&str> {
    let lines = output.stderr.lines();
    lines
        .filter_map(|line| line.split_once("answer: ").map(|(_, answer)| answer))
        .filter(|answer| answer.contains(" = "))
        .collect()
}

/// Every record of a refusal, in order: the reason, and what it was about.
fn refusals(env: &Env) -> Vec<String> {
    let records = env.records();
    let refused = records
        .iter()
        .filter(|record| record.event == Event::Refused);
    refused.map(told).collect()
}

fn told(record: &Record) -> String {
    let about = record.detail.as_ref().or(record.user.as_ref());
    let reason = record.reason.unwrap();
    about.map_or_else(|| reason.to_string(), |about| format!("{reason}: {about}"))
}

/// Docker ended by itself, not by a defect of its agent library.
fn assert_docker_did_not_crash(output: &Output) {
    output.stderr_lacks("panic").stderr_lacks("goroutine");
}

/// A key as the summary names it.
fn named(lab: &Lab, key: &str) -> String {
    let path = lab.key(key);
    format!("{} (ed25519, file:{})", fingerprint(&path), path.display())
}

fn fingerprint(key: &Path) -> String {
    let output = Command::new("ssh-keygen")
        .arg("-lf")
        .arg(key)
        .output()
        .unwrap();
    let line = String::from_utf8(output.stdout).unwrap();
    line.split(' ').nth(1).unwrap().to_owned()
}

/// The first host key of a git host.
fn key_blob(host: &GitHost) -> Vec<u8> {
    let line = host.known_hosts().lines().next().unwrap();
    let decoded = Command::new("base64")
        .args(["--decode", "/dev/stdin"])
        .stdin(text(line.split(' ').nth(2).unwrap()))
        .output();
    decoded.unwrap().stdout
}

fn text(text: &str) -> fs::File {
    use std::io::{Seek as _, Write as _};
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file.rewind().unwrap();
    file
}

const DOCKERFILE: &str = "\
FROM keystay/python:1
COPY agent_client.py step.sh foreign_host_key /
RUN --mount=type=ssh sh -eu /step.sh
";
