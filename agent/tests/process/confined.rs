//! What a private agent can no longer do once it serves.

use std::{fs, os::unix::fs::symlink, process::Command};

use crate::support::Agent;

#[test]
fn every_thread_filters_system_calls_and_gains_no_privileges() {
    let agent = Agent::start();
    // What it answers, it answers confined.
    assert_eq!(reload(&agent), r#"{"notes":[]}"#);
    let tasks = fs::read_dir(format!("/proc/{}/task", agent.id())).unwrap();
    let tasks = tasks.map(|task| task.unwrap().path()).collect::<Vec<_>>();
    assert!(tasks.len() >= 3, "{tasks:?}");
    for task in tasks {
        let status = fs::read_to_string(task.join("status")).unwrap();
        for line in ["NoNewPrivs:\t1", "Seccomp:\t2"] {
            assert!(status.lines().any(|found| found == line), "{status}");
        }
    }
}

#[test]
fn a_file_outside_of_what_it_needs_cannot_be_read() {
    let agent = Agent::start();
    let inside = agent.home.path().join(".ssh/known_hosts");
    fs::write(&inside, "@unknown x\n").unwrap();
    let answer = reload(&agent);
    assert!(answer.contains("known_hosts:1: unknown marker"), "{answer}");
    let outside = tempfile::tempdir().unwrap();
    fs::rename(&inside, outside.path().join("file")).unwrap();
    symlink(outside.path().join("file"), &inside).unwrap();
    let answer = reload(&agent);
    let denied = "known_hosts cannot be read: permission denied";
    assert!(answer.contains(denied), "{answer}");
}

#[test]
fn its_folder_goes_when_it_ends() {
    let mut agent = Agent::start();
    let folder = agent.control.parent().unwrap().to_owned();
    assert!(folder.exists());
    agent.abandon();
    assert!(!folder.exists());
}

#[test]
fn check_tells_which_protections_hold() {
    let told = Command::new(env!("CARGO_BIN_EXE_keystay-agent"))
        .arg("--check")
        .output()
        .unwrap();
    let lines = String::from_utf8(told.stdout).unwrap();
    let names = lines.lines().map(|line| line.split(':').next().unwrap());
    let expected = ["core dumps", "debuggers", "memory", "files", "system calls"];
    assert_eq!(names.collect::<Vec<_>>(), expected);
    assert!(lines.contains("core dumps: off\n"), "{lines}");
    assert!(
        lines.contains("system calls: filtered (seccomp)\n"),
        "{lines}"
    );
    assert!(lines.contains("opens no others (Landlock V"), "{lines}");
    let all = !lines.contains(": no, ");
    assert_eq!(
        told.status.code(),
        Some(if all { 0 } else { 69 }),
        "{lines}"
    );
    assert_eq!(told.stderr, b"");
}

fn reload(agent: &Agent) -> String {
    agent.ask("POST", "/v1/reload", "")
}
