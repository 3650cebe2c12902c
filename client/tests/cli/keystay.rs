//! One run of the binary in an environment of its own.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use tempfile::TempDir;

/// A home, a path with nothing on it, and arguments.
pub(crate) struct Keystay {
    home: TempDir,
    command: Command,
}

impl Keystay {
    #[track_caller]
    pub(crate) fn new(arguments: &[&str]) -> Self {
        Self::of(Command::new(env!("CARGO_BIN_EXE_keystay")), arguments)
    }

    /// The same with so much memory at most, in KiB.
    #[track_caller]
    pub(crate) fn limited(memory: u32, arguments: &[&str]) -> Self {
        let mut shell = Command::new("/bin/sh");
        let script = format!("ulimit -v {memory}; exec \"$0\" \"$@\"");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_keystay")]);
        Self::of(shell, arguments)
    }

    #[track_caller]
    fn of(mut command: Command, arguments: &[&str]) -> Self {
        let home = tempfile::tempdir().unwrap();
        let bin = home.path().join("bin");
        fs::create_dir(&bin).unwrap();
        command
            .args(arguments)
            .env_clear()
            .stdin(Stdio::null())
            .current_dir(home.path());
        command
            .env("HOME", home.path())
            .env("PATH", &bin)
            .env("TMPDIR", home.path());
        Self { home, command }
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<std::ffi::OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// A program on the path: a shell script.
    pub(crate) fn program(self, name: &str, script: &str) -> Self {
        write_program(&self.path("bin").join(name), script);
        self
    }

    /// The buildx plug-in, which docker would find.
    pub(crate) fn buildx(self) -> Self {
        let folder = self.path(".docker/cli-plugins");
        fs::create_dir_all(&folder).unwrap();
        write_program(&folder.join("docker-buildx"), "exit 1");
        self
    }

    /// What standard input holds.
    pub(crate) fn stdin(mut self, content: &str) -> Self {
        let path = self.path("stdin");
        fs::write(&path, content).unwrap();
        self.command.stdin(fs::File::open(path).unwrap());
        self
    }

    /// Standard output goes to this file, which is there.
    pub(crate) fn stdout_to(mut self, path: &str) -> Self {
        let file = fs::OpenOptions::new().write(true).open(path).unwrap();
        self.command.stdout(file);
        self
    }

    pub(crate) fn file(self, name: &str, content: &str) -> Self {
        fs::write(self.path(name), content).unwrap();
        self
    }

    /// Where a file of the home is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    pub(crate) fn run(mut self) -> Ran {
        let output = self.command.output().unwrap();
        Ran {
            home: self.home.path().to_owned(),
            output,
            _home: self.home,
        }
    }
}

/// What a run left behind.
pub(crate) struct Ran {
    home: PathBuf,
    output: Output,
    _home: TempDir,
}

impl Ran {
    /// States everything a caller sees; `~` stands for the home.
    #[track_caller]
    pub(crate) fn says(self, status: i32, stdout: &str, stderr: &str) {
        assert_eq!(self.shown(&self.output.stderr), stderr);
        assert_eq!(self.shown(&self.output.stdout), stdout);
        assert_eq!(self.output.status.code(), Some(status));
    }

    /// The same where standard output is somebody else's concern.
    #[track_caller]
    pub(crate) fn stdout(&self) -> String {
        assert_eq!(self.shown(&self.output.stderr), "");
        assert_eq!(self.output.status.code(), Some(0));
        self.shown(&self.output.stdout)
    }

    /// What it printed, where standard error is somebody else's concern.
    #[track_caller]
    pub(crate) fn printed(&self, status: i32) -> String {
        assert_eq!(self.output.status.code(), Some(status));
        self.shown(&self.output.stdout)
    }

    /// What it told, where standard output is somebody else's concern.
    #[track_caller]
    pub(crate) fn told(&self, status: i32) -> String {
        assert_eq!(self.output.status.code(), Some(status));
        self.shown(&self.output.stderr)
    }

    /// Where a file of the home is.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.join(name)
    }

    fn shown(&self, bytes: &[u8]) -> String {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        text.replace(self.home.to_str().unwrap(), "~")
    }
}

fn write_program(path: &Path, script: &str) {
    fs::write(path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}
