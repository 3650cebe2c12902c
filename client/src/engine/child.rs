//! One engine process from its start to its end.

use std::{
    io,
    os::unix::process::{CommandExt as _, ExitStatusExt as _},
    pin::pin,
    process::ExitStatus,
    time::Duration,
};

use rustix::process::{Pid, Signal, getpgrp, kill_process};
use tokio::{
    process::{Child, Command},
    time::timeout,
};

use super::signals::{Caught, Signals};
use crate::exit_code::ExitCode;

/// How an engine ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// With a status.
    Exited(u8),
    /// By a signal.
    Killed(u8),
}

impl Ended {
    /// Whether it did what it was asked.
    pub(crate) fn is_success(self) -> bool {
        self == Self::Exited(0)
    }
}

impl From<Ended> for ExitCode {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Exited(status) => Self::Engine(status),
            Ended::Killed(signal) => Self::Signalled(signal),
        }
    }
}

impl From<ExitStatus> for Ended {
    fn from(status: ExitStatus) -> Self {
        let byte = |number: i32| u8::try_from(number).unwrap_or(u8::MAX);
        match (status.code(), status.signal()) {
            (Some(code), _) => Self::Exited(byte(code)),
            (None, signal) => Self::Killed(byte(signal.unwrap_or_default())),
        }
    }
}

/// One run of an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Run {
    /// How it ended.
    pub(crate) ended: Ended,
    /// The first signal that this process caught meanwhile.
    pub(crate) caught: Option<Caught>,
}

impl Run {
    /// The status of a command that has nothing to add: the signal's that ended it, else the
    /// engine's.
    pub(crate) fn exit_code(self) -> ExitCode {
        match self.caught {
            Some(caught) => ExitCode::Signalled(caught.number()),
            None => self.ended.into(),
        }
    }
}

/// Starts an engine and waits until it ends by itself, passing signals on: the first as it came,
/// the second as SIGTERM, the third as SIGKILL.
///
/// `tell` is told its process id. The engine is not waited for until that is done, or takes too
/// long, so that the id means no other process meanwhile.
pub(crate) async fn run_to_end(
    command: &mut Command,
    signals: &mut Signals,
    tell: impl AsyncFnOnce(u32),
) -> io::Result<Run> {
    let mut child = command.spawn()?;
    let id = child.id();
    let mut told = pin!(timeout(TELLING, async {
        if let Some(id) = id {
            tell(id).await;
        }
    }));
    let mut is_told = false;
    let mut caught = Vec::new();
    loop {
        tokio::select! {
            _ = &mut told, if !is_told => is_told = true,
            status = child.wait(), if is_told => {
                return Ok(Run { ended: status?.into(), caught: caught.first().copied() });
            }
            signal = signals.next() => {
                caught.push(signal);
                pass_on(&child, signal, caught.len());
            }
        }
    }
}

/// Becomes an engine; returns only if it cannot.
pub(crate) fn become_engine(command: &mut Command) -> io::Error {
    command.as_std_mut().exec()
}

fn pass_on(child: &Child, caught: Caught, times: usize) {
    let signal = match (times, caught) {
        (1, Caught::Interrupt) if terminal_interrupts_us() => return,
        (1, Caught::Interrupt) => Signal::INT,
        (1, Caught::HangUp) => Signal::HUP,
        (1, Caught::Terminate) | (2, _) => Signal::TERM,
        _ => Signal::KILL,
    };
    if let Some(pid) = child.id().and_then(pid) {
        // It may have ended in this very moment.
        let _ = kill_process(pid, signal);
    }
}

fn pid(id: u32) -> Option<Pid> {
    i32::try_from(id).ok().and_then(Pid::from_raw)
}

/// Whether the keyboard interrupts this process group, and so the engine too, all by itself.
fn terminal_interrupts_us() -> bool {
    let terminal = std::fs::File::open("/dev/tty");
    terminal.is_ok_and(|terminal| rustix::termios::tcgetpgrp(terminal) == Ok(getpgrp()))
}

/// Many times what a process on this machine takes to answer.
const TELLING: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use std::{cell::Cell, future::pending};

    use super::*;

    async fn run(script: &str) -> Run {
        run_and_tell(script, async |_| {}).await
    }

    async fn run_and_tell(script: &str, tell: impl AsyncFnOnce(u32)) -> Run {
        let mut signals = Signals::listen().unwrap();
        let mut command = Command::new("sh");
        run_to_end(command.args(["-c", script]), &mut signals, tell)
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn the_status_of_the_engine_is_kept() {
        assert_eq!(
            run("exit 0").await,
            Run {
                ended: Ended::Exited(0),
                caught: None
            }
        );
        assert_eq!(
            run("exit 17").await,
            Run {
                ended: Ended::Exited(17),
                caught: None
            }
        );
    }

    #[tokio::test]
    async fn an_engine_killed_by_a_signal_is_told_as_shells_do() {
        let run = run("kill -9 $$").await;
        assert_eq!(run.ended, Ended::Killed(9));
        assert_eq!(ExitCode::from(run.ended).number(), 137);
    }

    #[tokio::test]
    async fn an_engine_that_ends_at_once_keeps_its_id_until_it_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let (file, was_there) = (folder.path().join("pid"), Cell::new(false));
        let script = format!("echo $$ >{}", file.display());
        run_and_tell(&script, async |id| {
            while std::fs::read_to_string(&file).unwrap_or_default() != format!("{id}\n") {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
            was_there.set(kill_process(pid(id).unwrap(), Signal::TERM).is_ok());
        })
        .await;
        assert!(was_there.get());
    }

    #[tokio::test]
    async fn an_engine_that_cannot_be_told_of_runs_to_its_end() {
        let run = run_and_tell("exit 3", async |_| pending().await).await;
        assert_eq!(run.ended, Ended::Exited(3));
    }
}
