//! An agent in the background: a process of its own session that leaves the terminal.

use std::{
    env,
    fs::File,
    io::{BufRead as _, BufReader, Read as _},
    path::{Path, PathBuf},
    process::{Child, Stdio},
};

use keystay_proto::control::{Problem, ProblemCode, Started};
use rustix::{
    process::{Pid, Signal, kill_process, setsid},
    stdio,
};

use super::{Options, this_program};

/// An agent in the background, which serves.
#[derive(Debug)]
pub(crate) struct Detached {
    /// Its process.
    pub(crate) child: Child,
    /// Its ssh-agent socket.
    pub(crate) socket: PathBuf,
}

impl Detached {
    /// Starts it, and returns when it serves. It may ask a person for passphrases meanwhile.
    pub(super) fn start(
        options: &Options,
        keys: &[String],
        socket: Option<&Path>,
    ) -> Result<Self, Problem> {
        let failed = |error| unavailable(&format!("the agent cannot be started: {error}"));
        let mut command = this_program().map_err(failed)?;
        command.arg("--detached").args(options.limits());
        command.args(keys.iter().flat_map(|key| ["--key", key]));
        if let Some(socket) = socket {
            let socket = std::path::absolute(socket).map_err(failed)?;
            command.arg("-a").arg(socket);
        }
        if !options.command.is_empty() {
            command.arg("--parent").arg(std::process::id().to_string());
        }
        let mut child = command.stdout(Stdio::piped()).spawn().map_err(failed)?;
        let control = ready(&mut child)?;
        let socket = match socket {
            Some(socket) => socket.to_owned(),
            None => socket_beside(&control),
        };
        Ok(Self { child, socket })
    }

    /// Ends it, and returns when it is gone.
    pub(super) fn end(mut self) {
        if let Ok(id) = self.child.id().try_into() {
            let _ = Pid::from_raw(id).map(|id| kill_process(id, Signal::TERM));
        }
        let _ = self.child.wait();
    }
}

/// Where an agent listens that was told no path.
pub(crate) fn socket_beside(control: &Path) -> PathBuf {
    control.with_file_name("agent")
}

/// Lets go of the terminal, the folder and all streams of who started it.
pub(crate) fn leave_terminal() {
    // It fails where there is nothing to leave.
    let _ = setsid();
    let _ = env::set_current_dir("/");
    if let Ok(nowhere) = File::options().read(true).write(true).open("/dev/null") {
        let _ = stdio::dup2_stdin(&nowhere);
        let _ = stdio::dup2_stdout(&nowhere);
        let _ = stdio::dup2_stderr(&nowhere);
    }
}

/// The control socket that it tells when it serves.
fn ready(child: &mut Child) -> Result<PathBuf, Problem> {
    let mut line = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        let mut stdout = BufReader::new(stdout.take(LONGEST_LINE));
        let _ = stdout.read_until(b'\n', &mut line);
    }
    match serde_json::from_slice(&line) {
        Ok(Started::Ready { control }) => Ok(control),
        Ok(Started::Failed(problem)) => Err(problem),
        Err(_) => {
            // One that runs has no name to be found by.
            let _ = child.kill();
            let _ = child.wait();
            Err(unavailable("the agent ended before it was ready"))
        }
    }
}

fn unavailable(message: &str) -> Problem {
    Problem::new(ProblemCode::Unavailable, message)
}

/// A path or a few words.
const LONGEST_LINE: u64 = 64 * 1024;
