//! A program on a terminal of its own, by `script` of util-linux.

use std::{
    ffi::OsStr,
    io::{Read as _, Write as _},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread::{self, JoinHandle},
    time::Duration,
};

use keystay_tests::env::{Run, wait_for};

use crate::process::Process;

/// A program that runs in the foreground of a new terminal.
pub(crate) struct Terminal {
    child: Child,
    shown: Arc<Mutex<Vec<u8>>>,
    reader: JoinHandle<()>,
}

impl Terminal {
    /// Starts the program.
    #[track_caller]
    pub(crate) fn start(mut run: Run) -> Self {
        let mut child = on_a_terminal(run.command())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("script is missing: install bsdutils");
        let shown = Arc::new(Mutex::new(Vec::new()));
        let (mut screen, copy) = (child.stdout.take().unwrap(), Arc::clone(&shown));
        let reader = thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(length @ 1..) = screen.read(&mut bytes) {
                copy.lock().unwrap().extend(&bytes[..length]);
            }
        });
        Self {
            child,
            shown,
            reader,
        }
    }

    /// The program itself.
    #[track_caller]
    pub(crate) fn program(&self) -> Process {
        let below = Process(self.child.id()).descendants();
        let mut keystay = below.into_iter().filter(|process| {
            let words = process.words();
            words
                .first()
                .is_some_and(|word| word.ends_with("keystay-under-test"))
                && words.get(1).is_none_or(|word| word != "agent")
        });
        keystay.next().expect("the program runs")
    }

    /// Waits until the terminal shows a text.
    #[track_caller]
    pub(crate) fn shows(&self, text: &str) {
        assert!(
            wait_for(PATIENCE, || self.text().contains(text)),
            "no {text:?} on the terminal\n{}",
            self.text()
        );
    }

    /// Presses keys.
    #[track_caller]
    pub(crate) fn types(&mut self, keys: &str) {
        let stdin = self.child.stdin.as_mut().unwrap();
        stdin.write_all(keys.as_bytes()).unwrap();
        stdin.flush().unwrap();
    }

    /// Waits for the end: the exit status, and all that was shown.
    #[track_caller]
    pub(crate) fn wait(mut self) -> (i32, String) {
        // Its standard input stays open: its end would be typed too.
        assert!(
            wait_for(PATIENCE, || self.child.try_wait().unwrap().is_some()),
            "the program does not end\n{}",
            self.text()
        );
        let status = self.child.wait().unwrap();
        let text = Arc::clone(&self.shown);
        self.reader.join().unwrap();
        let text = String::from_utf8_lossy(&text.lock().unwrap()).replace('\r', "");
        (status.code().unwrap_or(-1), text)
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.shown.lock().unwrap()).into_owned()
    }
}

/// Keystay's own lines of what a terminal showed.
pub(crate) fn said(text: &str) -> String {
    let own = |line: &&str| line.starts_with("keystay: ") || line.starts_with("hint: ");
    let lines = text.lines().map(without_sequence).filter(own);
    lines.fold(String::new(), |said, line| said + line + "\n")
}

/// The line without the control sequences at its beginning: docker shows the cursor again.
fn without_sequence(line: &str) -> &str {
    let Some(rest) = line.strip_prefix("\u{1b}[") else {
        return line;
    };
    let end = rest.find(|c: char| c.is_ascii_alphabetic());
    end.map_or(line, |end| without_sequence(&rest[end + 1..]))
}

/// `script` with the program's environment and folder.
fn on_a_terminal(command: &Command) -> Command {
    let words = [command.get_program()]
        .into_iter()
        .chain(command.get_args());
    let line: Vec<_> = words.map(quoted).collect();
    let mut script = Command::new("script");
    script
        .args(["--quiet", "--return", "--flush", "--command"])
        .arg(format!("exec {}", line.join(" ")))
        .arg("/dev/null")
        .env_clear()
        .env("SHELL", "/bin/sh")
        .env("TERM", "dumb");
    let set = command
        .get_envs()
        .filter_map(|(name, value)| Some((name, value?)));
    script.envs(set);
    if let Some(folder) = command.get_current_dir() {
        script.current_dir(folder);
    }
    script
}

fn quoted(word: &OsStr) -> String {
    format!("'{}'", word.to_str().unwrap().replace('\'', r"'\''"))
}

const PATIENCE: Duration = Duration::from_mins(1);
