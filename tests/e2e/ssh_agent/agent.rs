//! An agent under test, what speaks to it, and the machine's own as the control.

use std::{
    fs,
    io::{Read as _, Write as _},
    os::unix::{fs::PermissionsExt as _, net::UnixStream},
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::Duration,
};

use keystay_tests::env::{binary, wait_until};
use tempfile::TempDir;

pub(super) const START_TIME: Duration = Duration::from_secs(10);
/// `SSH_AGENTC_REQUEST_IDENTITIES`.
pub(super) const LIST: u8 = 11;

/// An agent that listens at a path of its own, and files beside it.
pub(super) struct Agent {
    pub(super) child: Child,
    pub(super) folder: TempDir,
}

impl Agent {
    /// `keystay agent` with one ed25519 key.
    pub(super) fn ours() -> Self {
        Self::ours_in(tempfile::tempdir().unwrap())
    }

    /// The same in this home.
    pub(super) fn ours_in(folder: TempDir) -> Self {
        settle(&folder);
        let mut program = Command::new(binary());
        program
            .args(["agent", "--key"])
            .arg(format!("file:{}", folder.path().join("first").display()));
        Self::start(program, folder, |program| program.arg("-a"))
    }

    /// The same, with the key in this variable.
    pub(super) fn with_key_in(variable: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        settle(&folder);
        let key = fs::read_to_string(folder.path().join("first")).unwrap();
        let mut program = Command::new(binary());
        program
            .args(["agent", "--key", &format!("env:{variable}")])
            .env(variable, key);
        Self::start(program, folder, |program| program.arg("-a"))
    }

    /// `keystay agent` with the keys of another one.
    pub(super) fn in_front_of(upstream: &Self) -> Self {
        let mut program = Command::new(binary());
        program.args(["agent", "--key", "agent", "-a"]);
        Self::start(program, tempfile::tempdir().unwrap(), |program| {
            program.env("SSH_AUTH_SOCK", upstream.path("agent"))
        })
    }

    /// The machine's ssh-agent.
    pub(super) fn control() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::start(Command::new("ssh-agent"), folder, |program| {
            program.args(["-D", "-a"])
        })
    }

    fn start(
        mut program: Command,
        folder: TempDir,
        at: impl FnOnce(&mut Command) -> &mut Command,
    ) -> Self {
        program
            .env_remove("XDG_RUNTIME_DIR")
            .env_remove("SSH_AUTH_SOCK");
        let child = at(&mut program)
            .arg(folder.path().join("agent"))
            .env("HOME", folder.path())
            .env("SSH_ASKPASS", folder.path().join("askpass"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the agent does not start: install openssh-client");
        let agent = Self { child, folder };
        wait_until("the agent's socket", START_TIME, || {
            UnixStream::connect(agent.path("agent")).is_ok()
        });
        // Clients can connect before it has read its settings and is confined; it answers behind that.
        agent.connect().ask(&[LIST]);
        agent
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// A program that uses this agent.
    pub(super) fn run(&self, program: &str, arguments: &[&str], input: &str) -> Output {
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(self.folder.path())
            .env("SSH_AUTH_SOCK", self.path("agent"))
            .env("HOME", self.folder.path())
            .env("SSH_ASKPASS", self.path("passphrase"))
            .env("SSH_ASKPASS_REQUIRE", "force")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|_| panic!("{program} is missing: install openssh-client"));
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    }

    #[track_caller]
    pub(super) fn succeed(&self, program: &str, arguments: &[&str]) -> String {
        let output = self.run(program, arguments, "");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{program} {arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap() + &said
    }

    #[track_caller]
    pub(super) fn fail(&self, program: &str, arguments: &[&str]) {
        let output = self.run(program, arguments, "");
        assert!(!output.status.success(), "{program} {arguments:?}");
    }

    pub(super) fn connect(&self) -> Raw {
        Raw(UnixStream::connect(self.path("agent")).unwrap())
    }

    /// How the person answers, as a shell script; its status is the answer.
    pub(super) fn person(&self, script: &str) {
        fs::write(self.path("answer"), script).unwrap();
    }
}

impl Drop for Agent {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A key, and an askpass program that answers as [`Agent::person`] says.
fn settle(folder: &TempDir) {
    keygen(folder, "first", &["-t", "ed25519"]);
    let askpass = folder.path().join("askpass");
    fs::write(&askpass, "#!/bin/sh\nexec sh \"$HOME/answer\"\n").unwrap();
    fs::set_permissions(&askpass, fs::Permissions::from_mode(0o700)).unwrap();
}

pub(super) fn keygen(folder: &TempDir, name: &str, arguments: &[&str]) {
    let made = Command::new("ssh-keygen")
        .args(["-q", "-N", "", "-C", name, "-f", name])
        .args(arguments)
        .current_dir(folder.path())
        .status()
        .expect("ssh-keygen is missing: install openssh-client");
    assert!(made.success());
}

/// A connection that speaks bytes.
pub(super) struct Raw(pub(super) UnixStream);

/// A connection to the agent at a path.
pub(super) fn raw_at(path: impl AsRef<Path>) -> Raw {
    Raw(UnixStream::connect(path).unwrap())
}

impl Raw {
    pub(super) fn ask(&mut self, body: &[u8]) -> Vec<u8> {
        self.send(body);
        self.receive()
    }

    pub(super) fn send(&mut self, body: &[u8]) {
        let length = u32::try_from(body.len()).unwrap();
        self.0.write_all(&length.to_be_bytes()).unwrap();
        self.0.write_all(body).unwrap();
    }

    pub(super) fn receive(&mut self) -> Vec<u8> {
        let mut word = [0; 4];
        self.0.read_exact(&mut word).unwrap();
        let mut body = vec![0; u32::from_be_bytes(word).try_into().unwrap()];
        self.0.read_exact(&mut body).unwrap();
        body
    }
}

pub(super) fn string(bytes: &[u8]) -> Vec<u8> {
    let mut out = u32::try_from(bytes.len()).unwrap().to_be_bytes().to_vec();
    out.extend_from_slice(bytes);
    out
}

pub(super) fn message(number: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![number];
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}

/// The message that `ssh-add` sent when a vector was captured.
pub(super) fn captured(name: &str) -> Vec<u8> {
    let folder = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../proto/tests/vectors/request"
    );
    fs::read(format!("{folder}/{name}.bin")).unwrap()
}

/// Both agents have to behave so.
pub(super) fn both(case: impl Fn(&Agent)) {
    case(&Agent::control());
    case(&Agent::ours());
}
