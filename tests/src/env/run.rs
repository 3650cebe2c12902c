//! A program about to run.

use std::{
    ffi::OsStr,
    fs::File,
    io::{Seek as _, SeekFrom, Write as _},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use super::{Env, Output};

/// A program with its arguments and environment.
#[derive(Debug)]
pub struct Run {
    command: Command,
}

impl Run {
    pub(super) fn new(command: Command) -> Self {
        Self { command }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: AsRef<OsStr>>(mut self, arguments: impl IntoIterator<Item = S>) -> Self {
        self.command.args(arguments);
        self
    }

    /// Adds `build --network host -t TAG .`.
    #[must_use]
    pub fn build(self, env: &Env) -> Self {
        self.args(["build", "--network", "host", "--tag", env.tag(), "."])
    }

    /// Sets a variable.
    #[must_use]
    pub fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Gives it this text as standard input.
    ///
    /// # Panics
    ///
    /// If the text cannot be kept in a file.
    #[must_use]
    #[track_caller]
    pub fn stdin(mut self, text: &[u8]) -> Self {
        let mut file: File = tempfile::tempfile().expect("a temporary file");
        file.write_all(text).expect("room for standard input");
        file.seek(SeekFrom::Start(0)).expect("a seek");
        self.command.stdin(file);
        self
    }

    /// The command as it stands.
    pub fn command(&mut self) -> &mut Command {
        &mut self.command
    }

    /// Runs it to its end.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    #[track_caller]
    pub fn output(mut self) -> Output {
        Output::of(&self.command.output().expect("the program starts"))
    }

    /// Starts it; what it writes is collected.
    ///
    /// # Panics
    ///
    /// If it cannot be started.
    #[must_use]
    #[track_caller]
    pub fn start(mut self) -> Running {
        self.command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = self.command.spawn().expect("the program starts");
        Running { child }
    }
}

/// A program that runs.
#[derive(Debug)]
pub struct Running {
    child: Child,
}

impl Running {
    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends it a signal by name, such as `INT`.
    ///
    /// # Panics
    ///
    /// If `kill` cannot be run or fails.
    #[track_caller]
    pub fn signal(&self, name: &str) {
        let sent = Command::new("kill")
            .args(["-s", name, &self.id().to_string()])
            .status();
        assert!(
            sent.expect("kill runs").success(),
            "the program is gone already"
        );
    }

    /// Whether it has ended. What it writes must fit into its pipes meanwhile: 64 KiB each.
    ///
    /// # Panics
    ///
    /// If the system does not tell.
    pub fn has_ended(&mut self) -> bool {
        self.child.try_wait().expect("its status").is_some()
    }

    /// Waits for its end.
    ///
    /// # Panics
    ///
    /// If its output cannot be read.
    #[must_use]
    #[track_caller]
    pub fn wait(self) -> Output {
        Output::of(&self.child.wait_with_output().expect("its output"))
    }
}

/// Waits until the condition holds.
///
/// # Panics
///
/// If it does not within the time given; the message says what was waited for.
#[track_caller]
pub fn wait_until(what: &str, patience: Duration, condition: impl FnMut() -> bool) {
    assert!(
        wait_for(patience, condition),
        "waited {patience:?} for: {what}"
    );
}

/// Waits until the condition holds; false if it does not within the time given.
pub fn wait_for(patience: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let began = Instant::now();
    while !condition() {
        if began.elapsed() > patience {
            return false;
        }
        sleep(Duration::from_millis(20));
    }
    true
}
