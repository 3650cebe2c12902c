//! What goes wrong on this side while a build runs: nothing is signed, and the end says why.

use std::{
    fs::{self, OpenOptions},
    io::Write as _,
    path::{Path, PathBuf},
    process::Command,
};

use keystay_tests::{
    env::{Env, Run},
    lab::{Lab, UpstreamAgent},
};

use crate::{gate::Gate, key::file};

#[test]
fn an_agent_that_ends_meanwhile_is_told() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let gate = Gate::new();
        env.file(
            "Dockerfile",
            &dockerfile(&format!("{} && {LOGIN}", gate.command())),
        );
        let agent = UpstreamAgent::with(&[lab.key("dev")]).unwrap();
        let run = env.keystay().env("SSH_AUTH_SOCK", agent.socket());
        let build = run.args(["--key", "agent"]).build(&env).start();
        let held = gate.reached();
        drop(agent);
        held.release();
        build.wait().status(66).says(
            "keystay: error: your ssh agent did not sign: the upstream agent does not answer\n\
             hint: see whether it is there and unlocked: `ssh-add -l`\n",
        );
    }
}

#[test]
fn an_audit_log_on_a_full_disk_is_told_before_the_build() {
    let lab = Lab::up().unwrap();
    let env = Env::on(&lab, &lab.engines()[0]);
    let disk = Disk::new(&env);
    env.file("Dockerfile", &dockerfile(LOGIN));
    fill(&disk.0.join("other"));
    let output = keyed(&env, &disk).output();
    assert_eq!(
        output.stderr,
        format!(
            "keystay: error: cannot write the audit log {}: No space left on device (os error 28)\n\
             hint: nothing is signed without a record: free space there, or set XDG_STATE_HOME\n",
            disk.log().display()
        )
    );
    output.status(69);
}

#[test]
fn a_disk_that_is_full_meanwhile_ends_all_signatures() {
    let lab = Lab::up().unwrap();
    for engine in lab.engines() {
        let env = Env::on(&lab, engine);
        let disk = Disk::new(&env);
        let gate = Gate::new();
        env.file(
            "Dockerfile",
            &dockerfile(&format!("{} && {LOGIN}", gate.command())),
        );
        let build = keyed(&env, &disk).start();
        let held = gate.reached();
        // Down to the last byte of the log's own last page.
        fill(&disk.log());
        held.release();
        build.wait().status(69).says(&format!(
            "keystay: error: nothing is signed without a record: \
             cannot write the audit log {}: No space left on device (os error 28)\n\
             hint: make room on its disk, or make its folder writable\n",
            disk.log().display()
        ));
    }
}

/// A small disk of its own for the audit log.
struct Disk(PathBuf);

impl Disk {
    #[track_caller]
    fn new(env: &Env) -> Self {
        let folder = env.home().join("state");
        fs::create_dir(&folder).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"])
            .arg(&folder)
            .status();
        assert!(mounted.unwrap().success(), "tmpfs needs root");
        Self(folder)
    }

    fn log(&self) -> PathBuf {
        self.0.join("keystay/audit.jsonl")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // The folder's removal tells when this fails.
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

/// Appends empty lines to a file until there is no room.
#[track_caller]
fn fill(file: &Path) {
    let mut file = OpenOptions::new()
        .append(true)
        .create(true)
        .open(file)
        .unwrap();
    while file.write_all(b"\n").is_ok() {}
}

fn keyed(env: &Env, disk: &Disk) -> Run {
    let run = env.keystay().env("XDG_STATE_HOME", &disk.0);
    run.args(["--key", &file(env.lab(), "dev")]).build(env)
}

fn dockerfile(step: &str) -> String {
    format!("FROM keystay/base:1\nRUN --mount=type=ssh {step}\n")
}

const LOGIN: &str = "git ls-remote {git}/acme/lib-a";
