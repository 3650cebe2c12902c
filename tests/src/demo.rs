//! The demo: a real build of a private dependency, without Keystay and with it.

mod container;
mod stage;

use std::{
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use tempfile::TempDir;

use self::stage::Stage;
pub use self::stage::Where;
use crate::lab::LabError;

/// Shows the main job with this client: the build fails without a key, succeeds through Keystay,
/// and its image is searched for the key. True if all of it went as it should.
pub fn run(place: Where, client: &Path) -> Result<bool, LabError> {
    let folder =
        tempfile::tempdir().map_err(LabError::file("create a folder in", Path::new("/tmp")))?;
    let stage = Stage::set(place, folder.path())?;
    let shown = Show {
        stage: &stage,
        client,
        home: home(&folder, &stage)?,
        context: context(&folder, &stage)?,
    };
    shown.all()
}

struct Show<'a> {
    stage: &'a Stage,
    client: &'a Path,
    home: PathBuf,
    context: PathBuf,
}

impl Show<'_> {
    fn all(&self) -> Result<bool, LabError> {
        say("A Dockerfile with a private dependency:\n");
        say(&indented(&self.stage.dockerfile));
        say("1. docker alone: no key, no dependency.\n");
        let plain = self.step(
            "docker",
            &["build", "--no-cache", "--network", "host", "-t", TAG, "."],
        )?;
        say("\n2. keystay: the same build, with one key that stays on this machine.\n");
        let key = format!("file:{}", self.stage.key.display());
        let built = [
            "--key",
            &key,
            "build",
            "--no-cache",
            "--network",
            "host",
            "-t",
            TAG,
            ".",
        ];
        let built = self.step("keystay", &built)?;
        say(
            "\n3. The image, searched again for the key: every layer, the history, the configuration.\n",
        );
        let clean = self.step("keystay", &["--key", &key, "verify", TAG])?;
        self.remove_image();
        Ok(verdict(plain, built, clean))
    }

    /// Shows a command and runs it.
    fn step(&self, program: &str, arguments: &[&str]) -> Result<i32, LabError> {
        say(&format!("$ {program} {}", arguments.join(" ")));
        let status = crate::xtask::status(&mut self.command(program, arguments))?;
        let status = status.code().unwrap_or(-1);
        say(&format!("[exit status {status}]"));
        Ok(status)
    }

    fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let program = if program == "keystay" {
            self.client
        } else {
            &self.stage.docker
        };
        let mut command = Command::new(program);
        command
            .args(arguments)
            .current_dir(&self.context)
            .env_remove("SSH_AUTH_SOCK");
        command.envs(
            self.stage
                .variables
                .iter()
                .map(|(name, value)| (name, value)),
        );
        command
            .env("HOME", &self.home)
            .env("BUILDKIT_PROGRESS", "plain");
        command
    }

    fn remove_image(&self) {
        let mut remove = self.command("docker", &["image", "rm", "--force", TAG]);
        // What cannot be removed is left for the next demo to replace.
        let _ = remove.stdout(Stdio::null()).stderr(Stdio::null()).status();
    }
}

/// A home with the git host's verified key, as a person has it who used the host before.
fn home(folder: &TempDir, stage: &Stage) -> Result<PathBuf, LabError> {
    let ssh = folder.path().join("home/.ssh");
    fs::create_dir_all(&ssh).map_err(LabError::file("create", &ssh))?;
    let known_hosts = ssh.join("known_hosts");
    fs::write(&known_hosts, &stage.known_hosts).map_err(LabError::file("write", &known_hosts))?;
    Ok(folder.path().join("home"))
}

fn context(folder: &TempDir, stage: &Stage) -> Result<PathBuf, LabError> {
    let context = folder.path().join("context");
    fs::create_dir_all(&context).map_err(LabError::file("create", &context))?;
    let files = [
        ("Dockerfile", &stage.dockerfile),
        ("package.json", &stage.package),
    ];
    for (name, text) in files {
        let path = context.join(name);
        fs::write(&path, text).map_err(LabError::file("write", &path))?;
    }
    Ok(context)
}

fn verdict(plain: i32, built: i32, clean: i32) -> bool {
    let went_well = plain != 0 && built == 0 && clean == 0;
    say(if went_well {
        "\nThe build fetched its private dependency, and the key is not in the image."
    } else {
        "\nThis did not go as it should: the first command has to fail, the others to succeed."
    });
    went_well
}

fn indented(text: &str) -> String {
    text.lines()
        .fold(String::new(), |shown, line| shown + "    " + line + "\n")
}

fn say(text: &str) {
    // A closed stderr leaves nobody to tell.
    let _ = writeln!(std::io::stderr(), "{text}");
}

const TAG: &str = "keystay-demo";
