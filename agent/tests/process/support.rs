//! The agent, and how to speak to it.

use std::{
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    time::Duration,
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keystay_proto::control::{FetchSpec, Grant, GrantSpec, Hosts, Mode, Started};
use tempfile::TempDir;

/// A private agent with one key, in a home of its own.
pub(crate) struct Agent {
    child: Child,
    pipe: Option<BufReader<ChildStdout>>,
    pub(crate) control: PathBuf,
    pub(crate) home: TempDir,
}

/// Has the program be a private agent for the key `.ssh/id` of this home.
pub(crate) fn private<'p>(program: &'p mut Command, home: &Path) -> &'p mut Command {
    program
        .args(["--private", "--key", "file:~/.ssh/id"])
        .env_clear()
        .env("HOME", home)
        // What a killed one leaves goes with the home.
        .env("XDG_RUNTIME_DIR", home)
        .stderr(Stdio::null())
}

impl Agent {
    pub(crate) fn start() -> Self {
        Self::start_by(Command::new(PROGRAM), "ed25519")
    }

    /// Its key is of this kind of `ssh-keygen`.
    pub(crate) fn with_key(kind: &str) -> Self {
        Self::start_by(Command::new(PROGRAM), kind)
    }

    /// Has this many descriptors at most.
    pub(crate) fn with_descriptors(count: u32) -> Self {
        let mut shell = Command::new("sh");
        let script = format!("ulimit -n {count} && exec \"$0\" \"$@\"");
        shell.args(["-c", &script, PROGRAM]);
        Self::start_by(shell, "ed25519")
    }

    fn start_by(mut program: Command, kind: &str) -> Self {
        let home = tempfile::tempdir().unwrap();
        let ssh = home.path().join(".ssh");
        fs::create_dir(&ssh).unwrap();
        keygen(&ssh.join("id"), kind);
        let program = private(&mut program, home.path());
        let mut child = program.stdout(Stdio::piped()).spawn().unwrap();
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

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Ends it as the end of its parent does, and waits for it.
    pub(crate) fn abandon(&mut self) {
        self.pipe = None;
        // It has ended already, or ends now.
        let _ = self.child.wait();
    }

    /// How many records of this event there are; each line is a whole record.
    pub(crate) fn records(&self, event: &str) -> usize {
        let log = self.home.path().join(".local/state/keystay/audit.jsonl");
        let text = fs::read_to_string(log).unwrap();
        let records = text.lines().map(serde_json::from_str::<serde_json::Value>);
        records
            .filter(|record| record.as_ref().unwrap()["event"] == event)
            .count()
    }

    /// The public key blob of its key.
    pub(crate) fn key(&self) -> Vec<u8> {
        let text = fs::read_to_string(self.home.path().join(".ssh/id.pub")).unwrap();
        STANDARD.decode(text.split(' ').nth(1).unwrap()).unwrap()
    }

    /// Sends it a signal of this name.
    pub(crate) fn signal(&self, name: &str) {
        let pid = self.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &pid]).status();
        assert!(sent.unwrap().success());
    }

    /// A grant of its key for any host, in sign mode.
    pub(crate) fn grant(&self, signatures: u32) -> Grant {
        let spec = GrantSpec {
            build: "test".to_owned(),
            mode: Mode::Sign,
            keys: Vec::new(),
            user: "git".to_owned(),
            hosts: Hosts::Known,
            signatures,
            ttl: 600,
            strict: false,
            fetch: FetchSpec::default(),
        };
        let spec = serde_json::to_string(&spec).unwrap();
        serde_json::from_str(&self.ask("POST", "/v1/grants", &spec)).unwrap()
    }

    /// Asks the control API; the answer's body.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> String {
        let mut stream = connect(&self.control);
        let length = body.len();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
        );
        stream.write_all((head + body).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer.split_once("\r\n\r\n").unwrap().1.to_owned()
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        self.abandon();
    }
}

/// A connection on which nothing is waited for longer than is bearable.
pub(crate) fn connect(socket: &Path) -> UnixStream {
    let stream = UnixStream::connect(socket).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// Sends a message of the agent protocol; the reply.
pub(crate) fn exchange(stream: &mut UnixStream, message: &[u8]) -> std::io::Result<Vec<u8>> {
    let length = u32::try_from(message.len()).unwrap().to_be_bytes();
    stream.write_all(&[&length, message].concat())?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap();
    let mut reply = vec![0; length];
    stream.read_exact(&mut reply)?;
    Ok(reply)
}

/// Whether the keys are listed on a new connection.
pub(crate) fn lists(socket: &Path) -> bool {
    let reply = exchange(&mut connect(socket), &[11]);
    reply.is_ok_and(|reply| reply.starts_with(&[12, 0, 0, 0, 1]))
}

pub(crate) fn keygen(path: &Path, kind: &str) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-t", kind, "-N", "", "-f"])
        .arg(path)
        .status()
        .expect("install openssh-client");
    assert!(made.success());
}

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_keystay-agent");
const PATIENCE: Duration = Duration::from_secs(10);
