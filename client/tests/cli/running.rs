//! The running agent, and the commands that talk to it.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use keystay_proto::control::{Grant, GrantInfo, KeyInfo};
use tempfile::TempDir;

/// A home with one key.
struct Home(TempDir);

/// `keystay agent` in a home; it is killed when the value is dropped.
struct Agent(Child);

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = Command::new("ssh-keygen")
            .args(["-q", "-t", "ed25519", "-N", "", "-C", "person@laptop", "-f"])
            .arg(folder.path().join("id"))
            .status()
            .expect("ssh-keygen is missing: install openssh-client");
        assert!(made.success());
        Self(folder)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_keystay"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.0.path())
            .stdin(Stdio::null());
        command
    }

    fn agent(&self) -> Agent {
        let key = format!("file:{}", self.path("id").display());
        let mut command = self.command(&["agent", "--key", &key]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        let mut stderr = BufReader::new(child.stderr.take().unwrap());
        stderr.read_line(&mut line).unwrap();
        let socket = self.path(".keystay/control");
        let ready = format!("keystay: the agent serves at {}\n", socket.display());
        assert_eq!(line, ready);
        Agent(child)
    }

    fn run(&self, arguments: &[&str]) -> (i32, String, String) {
        said(&self.command(arguments).output().unwrap(), self.0.path())
    }

    /// Opens a grant, and holds it with the stream that is returned.
    fn hold(&self) -> (Grant, UnixStream) {
        let spec = r#"{"build":"app","mode":"sign","keys":[],"user":"git","hosts":"known","signatures":5,"ttl":60,"strict":false}"#;
        let mut answer = String::new();
        let mut stream = self.ask("POST", "/v1/grants", "connection: close\r\n", spec);
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let grant: Grant = serde_json::from_str(body).unwrap();
        let mut stream = self.ask("GET", &format!("/v1/grants/{}/hold", grant.id), "", "");
        let mut head = [0; 15];
        stream.read_exact(&mut head).unwrap();
        assert_eq!(&head, b"HTTP/1.1 200 OK");
        (grant, stream)
    }

    fn ask(&self, method: &str, path: &str, more: &str, body: &str) -> UnixStream {
        let mut stream = UnixStream::connect(self.path(".keystay/control")).unwrap();
        let length = body.len();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: agent\r\n{more}content-length: {length}\r\n\r\n{body}"
        )
        .unwrap();
        stream
    }
}

fn said(output: &Output, home: &Path) -> (i32, String, String) {
    let text = |bytes: &[u8]| {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        text.replace(home.to_str().unwrap(), "~")
    };
    (
        output.status.code().unwrap_or(-1),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[track_caller]
fn soon(mut what: impl FnMut() -> bool) {
    let began = Instant::now();
    while !what() {
        assert!(
            began.elapsed() < Duration::from_secs(2),
            "it takes too long"
        );
        sleep(Duration::from_millis(10));
    }
}

fn signal(agent: &Agent, name: &str) {
    let sent = Command::new("kill")
        .args([format!("-{name}"), agent.0.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

#[test]
fn without_an_agent_every_command_says_so() {
    let home = Home::new();
    let error = "keystay: error: no agent runs\n\
                 hint: start one with `keystay agent`; builds need none\n";
    for arguments in [
        &["keys"][..],
        &["keys", "--json"],
        &["grants"],
        &["revoke", "0011223344556677"],
    ] {
        let expected = (69, String::new(), error.to_owned());
        assert_eq!(home.run(arguments), expected, "{arguments:?}");
    }
}

#[test]
fn keys_are_listed_as_lines_and_as_json() {
    let home = Home::new();
    let _agent = home.agent();
    let (status, json, stderr) = home.run(&["keys", "--json"]);
    assert_eq!((status, stderr.as_str()), (0, ""));
    let keys: Vec<KeyInfo> = serde_json::from_str(&json).unwrap();
    let line = format!(
        "{}  ssh-ed25519  file:~/id  person@laptop\n",
        keys[0].fingerprint
    );
    assert_eq!(home.run(&["keys"]), (0, line, String::new()));
}

#[test]
fn a_grant_is_listed_and_revoked() {
    let home = Home::new();
    let _agent = home.agent();
    let none = (
        0,
        String::new(),
        "keystay: note: no build has a grant\n".to_owned(),
    );
    assert_eq!(home.run(&["grants"]), none);
    assert_eq!(
        home.run(&["grants", "--json"]),
        (0, "[]\n".to_owned(), String::new())
    );
    let (grant, _held) = home.hold();
    let (status, stdout, stderr) = home.run(&["grants"]);
    assert_eq!((status, stderr.as_str()), (0, ""));
    let begin = format!("{}  live     sign   0/5 signatures  0 refused  ", grant.id);
    assert!(stdout.starts_with(&begin), "{stdout}");
    assert!(stdout.ends_with("s left  app\n"), "{stdout}");
    let revoked = format!(
        "keystay: revoked {}, after 0 signatures and 0 repositories fetched\n",
        grant.id
    );
    let id = grant.id.as_str();
    assert_eq!(home.run(&["revoke", id]), (0, String::new(), revoked));
    soon(|| !grant.socket.exists());
    let (_, json, _) = home.run(&["grants", "--json"]);
    assert!(json.contains(r#""state":"revoked""#), "{json}");
}

#[test]
fn an_unknown_grant_is_an_error() {
    let home = Home::new();
    let _agent = home.agent();
    let error = "keystay: error: there is no grant 0011223344556677\n\
                 hint: `keystay grants` lists them\n";
    let expected = (64, String::new(), error.to_owned());
    assert_eq!(home.run(&["revoke", "0011223344556677"]), expected);
}

#[test]
fn a_grant_ends_when_its_holder_is_gone() {
    let home = Home::new();
    let _agent = home.agent();
    let (grant, held) = home.hold();
    let (other, _held) = home.hold();
    drop(held);
    soon(|| !grant.socket.exists());
    assert!(other.socket.exists());
    let (_, json, _) = home.run(&["grants", "--json"]);
    let left: Vec<GrantInfo> = serde_json::from_str(&json).unwrap();
    assert_eq!(left.len(), 1);
}

#[test]
fn one_agent_runs_and_leaves_nothing_but_its_lock() {
    let home = Home::new();
    let mut agent = home.agent();
    let (grant, _held) = home.hold();
    let error = "keystay: error: another agent runs already, at ~/.keystay/control\n\
                 hint: `keystay keys` shows what it holds; end it with SIGTERM to start another\n";
    assert_eq!(home.run(&["agent"]), (69, String::new(), error.to_owned()));
    signal(&agent, "TERM");
    assert!(agent.0.wait().unwrap().success());
    assert!(!home.path(".keystay/control").exists());
    assert!(!grant.socket.parent().unwrap().exists());
    let mode = fs::metadata(home.path(".keystay"))
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn a_killed_agent_does_not_stand_in_the_way() {
    let home = Home::new();
    drop(home.agent());
    assert!(home.path(".keystay/control").exists());
    let (status, _, stderr) = home.run(&["keys"]);
    assert_eq!(status, 69);
    assert!(stderr.starts_with("keystay: error: no agent runs\n"));
    let _agent = home.agent();
    assert_eq!(home.run(&["keys"]).0, 0);
}

#[test]
fn the_log_is_printed_filtered_and_followed() {
    let home = Home::new();
    let _agent = home.agent();
    let error = "keystay: error: cannot read the audit log ~/.local/state/keystay/audit.jsonl: \
                 No such file or directory (os error 2)\n";
    let elsewhere = Home::new();
    let (status, _, stderr) = elsewhere.run(&["log"]);
    assert_eq!(status, 69);
    assert!(stderr.starts_with(error), "{stderr}");
    let mut following = home.command(&["log", "-f"]);
    let mut following = following.stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(following.stdout.take().unwrap()).lines();
    let (one, _held) = home.hold();
    let opened = lines.next().unwrap().unwrap();
    assert!(
        opened.ends_with(&format!("Z  {}  opened  build=app", one.id)),
        "{opened}"
    );
    let (two, held) = home.hold();
    home.run(&["revoke", two.id.as_str()]);
    drop(held);
    soon(|| home.run(&["log"]).1.lines().count() == 4);
    let of_two = ["log", "--grant", two.id.as_str()];
    let (_, stdout, _) = home.run(&of_two);
    let events: Vec<_> = stdout
        .lines()
        .map(|line| line.split("  ").nth(2).unwrap())
        .collect();
    assert_eq!(events, ["opened", "refused", "closed"]);
    let (_, stdout, _) = home.run(&["log", "--refused", "--json"]);
    assert_eq!(stdout.lines().count(), 1);
    assert!(stdout.contains(r#""reason":"revoked""#), "{stdout}");
    let log = home.path(".local/state/keystay/audit.jsonl");
    fs::rename(&log, log.with_extension("jsonl.1")).unwrap();
    let (three, _held) = home.hold();
    let seen = lines.map(|line| line.unwrap());
    assert!(
        seen.into_iter()
            .any(|line| line.contains(three.id.as_str()))
    );
    // Nobody reads any more, which the next record shows.
    let _four = home.hold();
    soon(|| following.try_wait().unwrap().is_some());
    assert!(following.wait().unwrap().success());
}
