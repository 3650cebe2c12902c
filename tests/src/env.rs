//! What one end-to-end test stands on: a person's home, a build context, an engine of the lab.

#![expect(
    clippy::expect_used,
    clippy::must_use_candidate,
    reason = "a test whose ground cannot be laid has failed; checks are called for their effect"
)]

mod agent;
mod builder;
mod output;
mod run;

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::atomic::{AtomicU32, Ordering},
};

use keystay_proto::control::Record;
use tempfile::TempDir;

use self::builder::Builder;
pub use self::{
    agent::PrivateAgent,
    output::Output,
    run::{Run, Running, wait_for, wait_until},
};
use crate::lab::{Daemonless, Engine, Lab};

/// A home that knows the lab's git hosts, an empty build context, and an engine. Its image and
/// folders go when it is dropped.
#[derive(Debug)]
pub struct Env {
    lab: Lab,
    builder: Builder,
    folder: TempDir,
    tag: String,
}

impl Env {
    /// An environment on one docker engine of the lab.
    ///
    /// # Panics
    ///
    /// If its folders cannot be made; in a test that is how it fails.
    #[must_use]
    #[track_caller]
    pub fn on(lab: &Lab, engine: &Engine) -> Self {
        Self::with(lab, Builder::Docker(engine.clone()), new_folder())
    }

    /// An environment with podman or buildah in `PATH`, and no docker of the lab. Images it makes are
    /// in its own storage; the lab's can be built on.
    ///
    /// # Panics
    ///
    /// If its folders cannot be made.
    #[must_use]
    #[track_caller]
    pub fn on_daemonless(lab: &Lab, program: &Daemonless) -> Self {
        let folder = new_folder();
        let program = program.with_storage(&folder.path().join("storage"));
        let builder = Builder::Daemonless(program.expect("a storage"));
        Self::with(lab, builder, folder)
    }

    #[track_caller]
    fn with(lab: &Lab, builder: Builder, folder: TempDir) -> Self {
        let count = NEXT.fetch_add(1, Ordering::Relaxed);
        let tag = format!("keystay-test:{}-{count}", std::process::id());
        let env = Self {
            lab: lab.clone(),
            builder,
            folder,
            tag,
        };
        fs::create_dir(env.context()).expect("the context");
        env.home_file(
            ".ssh/known_hosts",
            &fs::read_to_string(lab.known_hosts()).expect("known_hosts"),
        );
        env
    }

    /// The lab.
    #[must_use]
    pub fn lab(&self) -> &Lab {
        &self.lab
    }

    /// The docker engine.
    ///
    /// # Panics
    ///
    /// If the environment is on podman or buildah.
    #[must_use]
    #[track_caller]
    pub fn engine(&self) -> &Engine {
        self.builder.engine().expect("an environment on docker")
    }

    /// The name that the test's image gets.
    #[must_use]
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// The build context, and the folder that programs run in.
    #[must_use]
    pub fn context(&self) -> PathBuf {
        self.folder.path().join("context")
    }

    /// The person's home.
    #[must_use]
    pub fn home(&self) -> PathBuf {
        self.folder.path().join("home")
    }

    /// Writes a file of the context. In a Dockerfile, `FROM` lines are followed by an `ENV` that no
    /// other test has, so that no step is taken from another test's cache, and `{git}` and
    /// `{plain}` stand for the git hosts' addresses, `ssh://git@127.0.0.1:PORT`.
    #[track_caller]
    pub fn file(&self, name: &str, text: &str) -> &Self {
        let path = self.context().join(name);
        write(&path, &self.filled(name, text));
        self
    }

    /// Writes a file of the home.
    #[track_caller]
    pub fn home_file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.home().join(name);
        write(&path, text);
        path
    }

    /// `keystay` with this environment, in sign mode.
    #[must_use]
    pub fn keystay(&self) -> Run {
        self.keystay_alone().args(["--mode", "sign"])
    }

    /// `keystay` with this environment and no option, so that it chooses the mode.
    #[must_use]
    pub fn keystay_alone(&self) -> Run {
        self.program(Command::new(binary()))
    }

    /// A program with this environment.
    #[must_use]
    pub fn program(&self, mut command: Command) -> Run {
        self.prepare(&mut command);
        Run::new(command)
    }

    /// The engine's `docker` with this environment.
    ///
    /// # Panics
    ///
    /// If the environment is on podman or buildah.
    #[must_use]
    #[track_caller]
    pub fn docker(&self) -> Run {
        self.program(self.engine().docker())
    }

    /// What an image prints that has no network: its own command, or this one.
    ///
    /// Docker under load can lose all that a container writes which ends soon: one that prints nothing and does
    /// not fail is run again, twice at most.
    ///
    /// # Panics
    ///
    /// As [`Self::docker`].
    #[must_use]
    #[track_caller]
    pub fn ran(&self, image: &str, command: &[&str]) -> Output {
        let run = || {
            let run = ["run", "--rm", "--network", "none", image];
            self.docker().args(run).args(command).output()
        };
        let is_lost = |output: &Output| output.status == 0 && output.stdout.is_empty();
        let mut output = run();
        for _ in 0..2 {
            if is_lost(&output) {
                output = run();
            }
        }
        output
    }

    /// `docker`, `podman` or `buildah` with this environment, whichever it is on.
    #[must_use]
    pub fn plain(&self) -> Run {
        self.program(self.builder.command())
    }

    /// `keystay --key file:KEY build --network host -t TAG .`, with a key of the lab.
    #[must_use]
    pub fn build_with(&self, key: &str) -> Run {
        let key = format!("file:{}", self.lab.key(key).display());
        self.keystay().args(["--key", &key]).build(self)
    }

    /// The audit records so far.
    ///
    /// # Panics
    ///
    /// If a line of the log is not a record.
    #[must_use]
    #[track_caller]
    pub fn records(&self) -> Vec<Record> {
        let text = fs::read_to_string(self.home().join(".local/state/keystay/audit.jsonl"));
        let lines = text.unwrap_or_default();
        lines
            .lines()
            .map(|line| serde_json::from_str(line).expect("a record"))
            .collect()
    }

    fn prepare(&self, command: &mut Command) {
        command
            .env_clear()
            .envs(self.builder.env())
            .env("HOME", self.home());
        command.current_dir(self.context()).stdin(Stdio::null());
    }

    fn filled(&self, name: &str, text: &str) -> String {
        let host = |port| format!("ssh://git@127.0.0.1:{port}");
        let text = text.replace("{git}", &host(self.lab.git_host().port()));
        let text = text.replace("{plain}", &host(self.lab.plain_host().port()));
        if !name.to_ascii_lowercase().ends_with("dockerfile") {
            return text;
        }
        let nonce = format!("ENV KEYSTAY_TEST={}\n", self.tag);
        let fresh = |line: &str| {
            let is_stage = line.to_ascii_uppercase().starts_with("FROM ");
            format!("{line}\n{}", if is_stage { nonce.as_str() } else { "" })
        };
        text.lines().map(fresh).collect()
    }
}

impl Drop for Env {
    fn drop(&mut self) {
        self.builder.clean_up(&self.tag, self.folder.path());
    }
}

#[track_caller]
fn new_folder() -> TempDir {
    tempfile::Builder::new()
        .prefix("e2e-")
        .tempdir_in("/tmp")
        .expect("a folder in /tmp")
}

/// The client, built beside this program.
///
/// # Panics
///
/// If this program's own path is not known.
#[must_use]
pub fn binary() -> PathBuf {
    let own = std::env::current_exe().expect("the path of this program");
    let folders = own.ancestors().skip(1).take(2);
    let found = folders
        .map(|folder| folder.join("keystay-under-test"))
        .find(|path| path.exists());
    found.expect("keystay-under-test beside this program: build it with `cargo build --package keystay-tests`")
}

#[track_caller]
fn write(path: &Path, text: &str) {
    let folder = path.parent().expect("a path below a folder");
    fs::create_dir_all(folder).expect("a folder");
    fs::write(path, text).expect("a file");
}

static NEXT: AtomicU32 = AtomicU32::new(0);
