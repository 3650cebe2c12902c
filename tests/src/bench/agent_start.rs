//! From the start of an agent to its first answer.

use std::{
    io::{BufRead as _, BufReader},
    os::unix::net::UnixStream,
    path::Path,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use super::sheet::Sheet;
use crate::lab::{Lab, LabError};

/// The private agent with one key from a file, until it says that it is ready, against the
/// machine's `ssh-agent`, without a key, until its socket answers.
pub(super) fn measure(sheet: &mut Sheet, lab: &Lab, client: &Path) -> Result<(), LabError> {
    let folder =
        tempfile::tempdir().map_err(LabError::file("create a folder in", Path::new("/tmp")))?;
    let key = format!("file:{}", lab.key("dev").display());
    let ours = || ours(client, &key, folder.path());
    let theirs = || theirs(&folder.path().join("agent"));
    sheet.pairs("agent, start to ready", "≤ 10 ms", 40, ours, theirs)
}

fn ours(client: &Path, key: &str, home: &Path) -> Result<Duration, LabError> {
    let began = Instant::now();
    let mut agent = Command::new(client);
    agent
        .args(["agent", "--private", "--key", key])
        .env("HOME", home);
    let mut child = start(agent.stdout(Stdio::piped()), client)?;
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        let read = BufReader::new(stdout).read_line(&mut line);
        read.map_err(LabError::file("read the start of", client))?;
    }
    let ready = began.elapsed();
    // Its parent's end of the pipe is gone, and so it ends.
    let _ = child.wait();
    if line.starts_with("{\"ready\"") {
        Ok(ready)
    } else {
        Err(silent(client))
    }
}

fn theirs(socket: &Path) -> Result<Duration, LabError> {
    let program = Path::new("ssh-agent");
    let began = Instant::now();
    let mut child = start(
        Command::new(program).arg("-D").arg("-a").arg(socket),
        program,
    )?;
    while UnixStream::connect(socket).is_err() {
        if began.elapsed() > PATIENCE {
            return Err(silent(program));
        }
        std::thread::sleep(Duration::from_micros(50));
    }
    let ready = began.elapsed();
    let _ = child.kill();
    let _ = child.wait();
    // A killed agent leaves its socket behind.
    let _ = std::fs::remove_file(socket);
    Ok(ready)
}

fn start(command: &mut Command, program: &Path) -> Result<std::process::Child, LabError> {
    let started = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn();
    started.map_err(|source| LabError::Start {
        program: program.display().to_string(),
        source,
    })
}

fn silent(program: &Path) -> LabError {
    let name = program.display().to_string();
    LabError::Silent {
        name,
        seconds: PATIENCE.as_secs(),
        log: program.to_owned(),
    }
}

const PATIENCE: Duration = Duration::from_secs(5);
