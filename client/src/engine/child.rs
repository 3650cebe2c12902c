//! One engine process from its start to its end.

use std::{io, os::unix::process::ExitStatusExt as _, process::ExitStatus};

use rustix::process::{Pid, Signal, getpgrp, kill_process};
use tokio::process::{Child, Command};

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
pub(crate) async fn run_to_end(command: &mut Command, signals: &mut Signals) -> io::Result<Run> {
    let mut child = command.spawn()?;
    let mut caught = Vec::new();
    loop {
        tokio::select! {
            status = child.wait() => {
                return Ok(Run { ended: status?.into(), caught: caught.first().copied() });
            }
            signal = signals.next() => {
                caught.push(signal);
                pass_on(&child, signal, caught.len());
            }
        }
    }
}

fn pass_on(child: &Child, caught: Caught, times: usize) {
    let signal = match (times, caught) {
        (1, Caught::Interrupt) if terminal_interrupts_us() => return,
        (1, Caught::Interrupt) => Signal::INT,
        (1, Caught::HangUp) => Signal::HUP,
        (1, Caught::Terminate) | (2, _) => Signal::TERM,
        _ => Signal::KILL,
    };
    let pid = child
        .id()
        .and_then(|id| i32::try_from(id).ok())
        .and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // It may have ended in this very moment.
        let _ = kill_process(pid, signal);
    }
}

/// Whether the keyboard interrupts this process group, and so the engine too, all by itself.
fn terminal_interrupts_us() -> bool {
    let terminal = std::fs::File::open("/dev/tty");
    terminal.is_ok_and(|terminal| rustix::termios::tcgetpgrp(terminal) == Ok(getpgrp()))
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn run(script: &str) -> Run {
        let mut signals = Signals::listen().unwrap();
        run_to_end(Command::new("sh").args(["-c", script]), &mut signals)
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
}
