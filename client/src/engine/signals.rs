//! The signals that end a build.

use std::io;

use tokio::signal::unix::{Signal, SignalKind, signal};

/// A signal that was caught.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Caught {
    /// SIGINT: the keyboard, or a job's cancel button.
    Interrupt,
    /// SIGTERM.
    Terminate,
    /// SIGHUP: the terminal is gone.
    HangUp,
}

impl Caught {
    /// Its number, the same on all Unix systems.
    pub(crate) fn number(self) -> u8 {
        match self {
            Self::HangUp => 1,
            Self::Interrupt => 2,
            Self::Terminate => 15,
        }
    }
}

/// Signals caught from now on. SIGTSTP keeps its default: a stopped build stops as a whole.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
}

impl Signals {
    /// Catches them instead of dying of them.
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
        })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> Caught {
        tokio::select! {
            _ = self.interrupt.recv() => Caught::Interrupt,
            _ = self.terminate.recv() => Caught::Terminate,
            _ = self.hang_up.recv() => Caught::HangUp,
        }
    }

    /// Waits for a future, unless a signal comes first: then the future is dropped.
    pub(crate) async fn unless_caught<T>(
        &mut self,
        future: impl Future<Output = T>,
    ) -> Result<T, Caught> {
        tokio::select! {
            biased;
            caught = self.next() => Err(caught),
            done = future => Ok(done),
        }
    }
}
