//! What a program wrote and how it ended.

use std::{os::unix::process::ExitStatusExt as _, process};

/// What a program wrote and how it ended. Every check shows both streams when it fails.
#[derive(Debug)]
pub struct Output {
    /// Its exit status, or 128 and the signal that ended it.
    pub status: i32,
    /// Its standard output.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
}

impl Output {
    pub(super) fn of(output: &process::Output) -> Self {
        let signal = output.status.signal().map_or(-1, |signal| 128 + signal);
        Self {
            status: output.status.code().unwrap_or(signal),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }

    /// Checks the exit status.
    ///
    /// # Panics
    ///
    /// If it is another.
    #[track_caller]
    pub fn status(&self, expected: i32) -> &Self {
        assert_eq!(self.status, expected, "{}", self.shown());
        self
    }

    /// Checks that standard error holds a text.
    ///
    /// # Panics
    ///
    /// If it does not.
    #[track_caller]
    pub fn stderr_has(&self, text: &str) -> &Self {
        assert!(
            self.stderr.contains(text),
            "no {text:?} in standard error\n{}",
            self.shown()
        );
        self
    }

    /// Checks that standard error does not hold a text.
    ///
    /// # Panics
    ///
    /// If it does.
    #[track_caller]
    pub fn stderr_lacks(&self, text: &str) -> &Self {
        assert!(
            !self.stderr.contains(text),
            "{text:?} in standard error\n{}",
            self.shown()
        );
        self
    }

    /// Checks what Keystay itself says on standard error: its lines and hints, in order, without
    /// those of other programs.
    ///
    /// # Panics
    ///
    /// If they are others.
    #[track_caller]
    pub fn says(&self, expected: &str) -> &Self {
        assert_eq!(self.said(), expected, "{}", self.shown());
        self
    }

    /// Keystay's own lines on standard error.
    #[must_use]
    pub fn said(&self) -> String {
        let own = |line: &&str| line.starts_with("keystay: ") || line.starts_with("hint: ");
        let lines = self.stderr.lines().filter(own);
        lines.fold(String::new(), |said, line| said + line + "\n")
    }

    /// Checks standard output.
    ///
    /// # Panics
    ///
    /// If it is another.
    #[track_caller]
    pub fn stdout_is(&self, expected: &str) -> &Self {
        assert_eq!(self.stdout, expected, "{}", self.shown());
        self
    }

    fn shown(&self) -> String {
        let Self {
            status,
            stdout,
            stderr,
        } = self;
        format!("status {status}\n--- stdout\n{stdout}\n--- stderr\n{stderr}")
    }
}
