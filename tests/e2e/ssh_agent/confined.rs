//! What the running agent can no longer do itself, and the process that asks a person for it.

use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::{fs::symlink, net::UnixStream},
    path::Path,
    process::Command,
    thread::available_parallelism,
};

use keystay_tests::env::wait_until;
use tempfile::TempDir;

use super::agent::{Agent, LIST, START_TIME, keygen};

#[test]
fn every_thread_filters_system_calls_and_gains_no_privileges() {
    let agent = Agent::ours();
    reload(&agent);
    // More than one connection is served by more than one thread.
    let mut open: Vec<_> = (0..3).map(|_| agent.connect()).collect();
    for peer in &mut open {
        assert_eq!(peer.ask(&[LIST]).first(), Some(&KEYS));
    }
    let mut workers = 0;
    let tasks = fs::read_dir(format!("/proc/{}/task", agent.child.id())).unwrap();
    for task in tasks.map(|task| task.unwrap().path()) {
        let status = fs::read_to_string(task.join("status")).unwrap();
        workers += usize::from(status.starts_with("Name:\tworker\n"));
        for line in ["NoNewPrivs:\t1", "Seccomp:\t2"] {
            assert!(status.lines().any(|found| found == line), "{status}");
        }
    }
    let processors = available_parallelism().unwrap().get();
    let expected = if processors > 1 { processors.min(4) } else { 0 };
    assert_eq!(workers, expected);
}

#[test]
fn a_file_outside_of_what_it_needs_is_not_read() {
    let agent = Agent::ours();
    let outside = tempfile::tempdir().unwrap();
    fs::create_dir_all(agent.path(".ssh")).unwrap();
    fs::write(outside.path().join("hosts"), "@unknown x\n").unwrap();
    symlink(outside.path().join("hosts"), agent.path(".ssh/known_hosts")).unwrap();
    let answer = reload(&agent);
    let denied = "known_hosts cannot be read: permission denied";
    assert!(answer.contains(denied), "{answer}");
}

#[test]
fn settings_that_were_links_when_it_started_are_read_again() {
    let (home, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    fs::create_dir(home.path().join(".ssh")).unwrap();
    fs::write(outside.path().join("more"), "").unwrap();
    link(&outside, "hosts", &home, ".ssh/known_hosts", "");
    let include = format!("Include {}/more\n", outside.path().display());
    link(&outside, "config", &home, ".ssh/config", &include);
    let agent = Agent::ours_in(home);
    assert_eq!(reload(&agent), r#"{"notes":[]}"#);
    fs::write(outside.path().join("hosts"), "@unknown x\n").unwrap();
    fs::write(outside.path().join("more"), "Port none\n").unwrap();
    let answer = reload(&agent);
    for note in [
        "known_hosts:1: unknown marker",
        "more:1: `port` is not understood",
    ] {
        assert!(answer.contains(note), "{answer}");
    }
}

fn link(outside: &TempDir, name: &str, home: &TempDir, at: &str, text: &str) {
    fs::write(outside.path().join(name), text).unwrap();
    symlink(outside.path().join(name), home.path().join(at)).unwrap();
}

#[test]
fn what_asks_a_person_does_not_see_the_key_in_a_variable() {
    let agent = Agent::with_key_in("KEY_FOR_TEST");
    add_asked(&agent);
    agent.person("env >\"$HOME/seen\"; cat /proc/$PPID/environ >>\"$HOME/seen\"");
    agent.succeed("ssh-add", &["-T", "asked.pub"]);
    let seen = fs::read(agent.path("seen")).unwrap();
    let seen = String::from_utf8_lossy(&seen);
    assert!(seen.contains("SSH_ASKPASS_PROMPT=confirm"), "{seen}");
    assert!(!seen.contains("KEY_FOR_TEST"), "{seen}");
}

#[test]
fn a_comment_of_any_length_is_asked_about() {
    let agent = Agent::ours();
    let comment = "\u{fc}\u{1b}[2J".repeat(20_000);
    keygen(&agent.folder, "asked", &["-t", "ed25519", "-C", &comment]);
    agent.succeed("ssh-add", &["-c", "asked"]);
    agent.person("printf %s \"$1\" >\"$HOME/asked.txt\"");
    agent.succeed("ssh-add", &["-T", "asked.pub"]);
}

#[test]
fn signals_of_its_terminal_do_not_end_what_asks() {
    let agent = Agent::ours();
    add_asked(&agent);
    agent.person("exit 0");
    for name in ["-HUP", "-INT", "-TERM", "-USR1"] {
        agent.succeed("kill", &[name, &asker(&agent)]);
    }
    agent.succeed("ssh-add", &["-T", "asked.pub"]);
}

#[test]
fn without_the_process_that_asks_nothing_is_confirmed_and_the_agent_goes_on() {
    let agent = Agent::ours();
    add_asked(&agent);
    agent.person("exit 0");
    agent.succeed("kill", &["-KILL", &asker(&agent)]);
    agent.fail("ssh-add", &["-T", "asked.pub"]);
    agent.succeed("ssh-add", &["-T", "first.pub"]);
}

#[test]
fn a_question_ends_with_a_killed_agent() {
    let mut agent = Agent::ours();
    add_asked(&agent);
    agent.person("echo $$ >\"$HOME/asking\"; exec sleep 600");
    let asker = asker(&agent);
    std::thread::scope(|scope| {
        scope.spawn(|| agent.run("ssh-add", &["-T", "asked.pub"], ""));
        let asking = agent.path("asking");
        wait_until("the question", START_TIME, || {
            fs::read_to_string(&asking).is_ok_and(|id| id.ends_with('\n'))
        });
        agent.succeed("kill", &["-KILL", &agent.child.id().to_string()]);
    });
    agent.child.wait().unwrap();
    let asking = fs::read_to_string(agent.path("asking")).unwrap();
    for id in [asker.trim(), asking.trim()] {
        let process = Path::new("/proc").join(id).join("exe");
        wait_until("its end", START_TIME, || fs::read_link(&process).is_err());
    }
}

fn add_asked(agent: &Agent) {
    keygen(&agent.folder, "asked", &["-t", "ed25519"]);
    agent.succeed("ssh-add", &["-c", "asked"]);
}

/// The agent's only child.
fn asker(agent: &Agent) -> String {
    let id = agent.child.id().to_string();
    let found = Command::new("pgrep").args(["-P", &id]).output();
    let found = found.expect("pgrep is missing: install procps").stdout;
    let found = String::from_utf8(found).unwrap();
    assert_eq!(found.lines().count(), 1, "{found}");
    found.trim().to_owned()
}

fn reload(agent: &Agent) -> String {
    let mut stream = UnixStream::connect(agent.path(".keystay/control")).unwrap();
    let request =
        "POST /v1/reload HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: 0\r\n\r\n";
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split_once("\r\n\r\n").unwrap().1.to_owned()
}

/// `SSH_AGENT_IDENTITIES_ANSWER`.
const KEYS: u8 = 12;
