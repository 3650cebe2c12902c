//! What a private agent can no longer do once it serves.

use std::{
    fs,
    os::unix::fs::symlink,
    process::Command,
    thread::sleep,
    time::{Duration, Instant},
};

use crate::support::{Agent, lists};

#[test]
fn every_thread_filters_system_calls_and_gains_no_privileges() {
    let agent = Agent::start();
    // What it answers, it answers confined.
    assert_eq!(reload(&agent), r#"{"notes":[]}"#);
    assert_eq!(unconfined(&agent), Vec::<String>::new());
}

#[test]
fn a_build_is_answered_by_a_confined_agent() {
    for _ in 0..20 {
        let agent = Agent::start();
        let grant = agent.grant(1);
        assert!(lists(&grant.socket));
        assert_eq!(unconfined(&agent), Vec::<String>::new());
    }
}

#[test]
fn an_agent_of_which_nothing_is_asked_is_confined_soon() {
    let agent = Agent::start();
    agent.grant(1);
    let begin = Instant::now();
    while !unconfined(&agent).is_empty() {
        assert!(begin.elapsed() < Duration::from_secs(5), "it is not");
        sleep(Duration::from_millis(5));
    }
}

/// The status of each thread that system calls are not filtered for, or that may gain privileges.
fn unconfined(agent: &Agent) -> Vec<String> {
    let tasks = fs::read_dir(format!("/proc/{}/task", agent.id())).unwrap();
    let statuses = tasks.map(|task| fs::read_to_string(task.unwrap().path().join("status")));
    let statuses: Vec<_> = statuses.map(Result::unwrap).collect();
    assert!(statuses.len() >= 3, "{statuses:?}");
    let is_confined = |status: &String| {
        let mut lines = ["NoNewPrivs:\t1", "Seccomp:\t2"].into_iter();
        lines.all(|line| status.lines().any(|found| found == line))
    };
    statuses
        .into_iter()
        .filter(|status| !is_confined(status))
        .collect()
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
