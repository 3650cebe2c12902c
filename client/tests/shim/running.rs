//! The shim as a build step runs it.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::thread;

use keystay::shim::{Platform, bytes};
use tempfile::TempDir;

use crate::agent::Agent;

/// The program, written where it can be run.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: OnceLock<(TempDir, std::path::PathBuf)> = OnceLock::new();
    let (_, path) = PROGRAM.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ssh");
        write_program(&path);
        (folder, path)
    });
    path
}

fn write_program(path: &Path) {
    let mut options = File::options();
    let mut file = options
        .write(true)
        .create_new(true)
        .mode(0o755)
        .open(path)
        .unwrap();
    file.write_all(bytes(Platform::of_host())).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

/// `ssh` with these arguments, in a step with the agent's socket and nothing else.
pub(crate) fn ssh(agent: &Agent, arguments: &[&str]) -> Command {
    let mut command = Command::new(program());
    command
        .args(arguments)
        .env_clear()
        .env("SSH_AUTH_SOCK", agent.socket())
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// A fetch as git asks for it.
pub(crate) fn fetch(agent: &Agent) -> Command {
    let mut command = ssh(
        agent,
        &[
            "-o",
            "SendEnv=GIT_PROTOCOL",
            "git@host",
            "git-upload-pack '/x.git'",
        ],
    );
    command.env("GIT_PROTOCOL", "version=2");
    command
}

/// Runs with all of `input`.
pub(crate) fn run_with(mut command: Command, input: Vec<u8>) -> Output {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let writing = thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    drop(writing.join().unwrap());
    output
}

/// Exit status, standard output and standard error as text.
pub(crate) fn text(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// Bytes that repeat after a prime number of them, so that none can be missing, doubled or moved.
pub(crate) fn pattern(length: usize) -> Vec<u8> {
    (0..65_521_u32)
        .map(|number| number.wrapping_mul(2_654_435_761).to_be_bytes()[0])
        .cycle()
        .take(length)
        .collect()
}
