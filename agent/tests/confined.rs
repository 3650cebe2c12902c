//! What a private agent can no longer do once it serves.

#![cfg(target_os = "linux")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic in a test is how it fails"
)]

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::{fs::symlink, net::UnixStream},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
};

use keystay_proto::control::Started;
use tempfile::TempDir;

#[test]
fn every_thread_filters_system_calls_and_gains_no_privileges() {
    let agent = Agent::start();
    // What it answers, it answers confined.
    assert_eq!(agent.reload(), r#"{"notes":[]}"#);
    let tasks = fs::read_dir(format!("/proc/{}/task", agent.child.id())).unwrap();
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
    let answer = agent.reload();
    assert!(answer.contains("known_hosts:1: unknown marker"), "{answer}");
    let outside = tempfile::tempdir().unwrap();
    fs::rename(&inside, outside.path().join("file")).unwrap();
    symlink(outside.path().join("file"), &inside).unwrap();
    let answer = agent.reload();
    let denied = "known_hosts cannot be read: permission denied";
    assert!(answer.contains(denied), "{answer}");
}

#[test]
fn its_folder_goes_when_it_ends() {
    let mut agent = Agent::start();
    let folder = agent.control.parent().unwrap().to_owned();
    assert!(folder.exists());
    agent.pipe = None;
    agent.child.wait().unwrap();
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

struct Agent {
    child: Child,
    pipe: Option<BufReader<ChildStdout>>,
    control: PathBuf,
    home: TempDir,
}

impl Agent {
    fn start() -> Self {
        let home = tempfile::tempdir().unwrap();
        let ssh = home.path().join(".ssh");
        fs::create_dir(&ssh).unwrap();
        keygen(&ssh.join("id_ed25519"));
        let mut child = Command::new(env!("CARGO_BIN_EXE_keystay-agent"))
            .args(["--private", "--key", "file:~/.ssh/id_ed25519"])
            .env_clear()
            .env("HOME", home.path())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut pipe = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        pipe.read_line(&mut line).unwrap();
        let Started::Ready { control } = serde_json::from_str(&line).unwrap() else {
            panic!("{line}");
        };
        Self {
            child,
            pipe: Some(pipe),
            control,
            home,
        }
    }

    fn reload(&self) -> String {
        let mut stream = UnixStream::connect(&self.control).unwrap();
        let request = "POST /v1/reload HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.pipe = None;
        // It has ended already, or ends now.
        let _ = self.child.wait();
    }
}

fn keygen(path: &Path) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", "ed25519", "-N", "", "-f"])
        .arg(path)
        .status()
        .expect("install openssh-client");
    assert!(made.success());
}
