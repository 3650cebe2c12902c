//! The Dockerfile of a build, as the engine would read it.

use std::{
    env,
    ffi::OsString,
    fs::File,
    io,
    path::{Path, PathBuf},
};

use super::{
    asked::Asked,
    stdin::{self, Content, StdinError},
};
use crate::{
    dockerfile::MAX_DOCKERFILE,
    engine::{DockerfileLocation, dockerignore_for, policy_for},
    regular,
};

/// The Dockerfile of a build.
#[derive(Debug)]
pub(super) struct Source {
    /// What it says, as far as that is known here.
    pub(super) text: Text,
    /// The files to put a changed one in, where the engine reads it from a file.
    pub(super) files: Option<Names>,
    /// What the engine reads from standard input.
    pub(super) stdin: Stdin,
    /// The folder it is in, or the one that it is built in.
    pub(super) folder: PathBuf,
}

/// What a Dockerfile says.
#[derive(Debug)]
pub(super) enum Text {
    /// This.
    Here(String),
    /// It cannot be told, for this reason, a clause.
    Unread(&'static str),
    /// There is none, which the engine says better.
    Missing,
}

/// What standard input is.
#[derive(Debug)]
pub(super) enum Stdin {
    /// Not read by Keystay.
    Untouched,
    /// The Dockerfile.
    Dockerfile,
    /// Something else that was read, to be handed on.
    Other(File),
}

/// The file of a Dockerfile, and the files that docker reads beside it.
#[derive(Debug)]
pub(super) struct Names {
    /// Its own file name.
    pub(super) name: OsString,
    /// Names and contents of its ignore file and its policy, where it has them.
    pub(super) beside: Vec<(OsString, Vec<u8>)>,
}

impl Source {
    /// What the Dockerfile says, where that is known.
    pub(super) fn known(&self) -> Option<&str> {
        match &self.text {
            Text::Here(text) => Some(text),
            Text::Unread(_) | Text::Missing => None,
        }
    }

    /// Reads the Dockerfile that the engine would read. Standard input is not read where the agent
    /// takes it for a key.
    pub(super) fn read(asked: &Asked, stdin_taken: bool) -> Result<Self, StdinError> {
        let folder = env::current_dir().unwrap_or_default();
        match asked.dockerfile(&folder) {
            DockerfileLocation::Path(path) => Ok(Self::of_file(&path)),
            DockerfileLocation::Stdin => Self::of_stdin("the Dockerfile", stdin_taken, folder),
            DockerfileLocation::StdinContext => Self::of_stdin("the context", stdin_taken, folder),
            DockerfileLocation::Remote(_) => Ok(Self::without(
                Text::Unread("it is not on this machine"),
                folder,
            )),
            DockerfileLocation::Made => Ok(Self::without(
                Text::Unread("podman makes it of other files"),
                folder,
            )),
            DockerfileLocation::Unknown => Ok(Self::without(Text::Missing, folder)),
        }
    }

    fn without(text: Text, folder: PathBuf) -> Self {
        Self {
            text,
            files: None,
            stdin: Stdin::Untouched,
            folder,
        }
    }

    fn of_file(path: &Path) -> Self {
        let most = u64::try_from(MAX_DOCKERFILE).unwrap_or(u64::MAX);
        let text = match regular::read(path, most).map(String::from_utf8) {
            Ok(Ok(text)) => Text::Here(text),
            Ok(Err(_)) => Text::Unread("it is not UTF-8 text"),
            Err(error) => match error.kind() {
                io::ErrorKind::FileTooLarge => Text::Unread(TOO_LONG),
                io::ErrorKind::InvalidInput => Text::Unread("it is no regular file"),
                _ => Text::Missing,
            },
        };
        let beside: Result<Vec<_>, _> = [dockerignore_for(path), policy_for(path)]
            .iter()
            .filter_map(|path| named(path).transpose())
            .collect();
        // A copy without its ignore file would send what that leaves out.
        let (text, beside) = match beside {
            Ok(beside) => (text, beside),
            Err(_) => (Text::Unread("a file beside it cannot be read"), Vec::new()),
        };
        let files = Names {
            name: path.file_name().unwrap_or_default().to_owned(),
            beside,
        };
        Self {
            files: Some(files),
            ..Self::without(text, path.parent().map(Path::to_owned).unwrap_or_default())
        }
    }

    fn of_stdin(what: &'static str, taken: bool, folder: PathBuf) -> Result<Self, StdinError> {
        if taken {
            return Err(StdinError::Claimed(what));
        }
        let (text, stdin) = match stdin::read(io::stdin().lock())? {
            Content::Dockerfile(text) => (Text::Here(text), Stdin::Dockerfile),
            Content::Other(file) => {
                let why = "it is in an archive on standard input";
                (Text::Unread(why), Stdin::Other(file))
            }
        };
        Ok(Self {
            stdin,
            ..Self::without(text, folder)
        })
    }
}

/// Why a text cannot be read as a Dockerfile, if that is its length.
pub(super) fn too_long(text: &str) -> Option<&'static str> {
    (text.len() > MAX_DOCKERFILE).then_some(TOO_LONG)
}

/// A file's name and content, where it is there.
fn named(path: impl AsRef<Path>) -> io::Result<Option<(OsString, Vec<u8>)>> {
    let path = path.as_ref();
    match regular::read(path, MAX_BESIDE) {
        Ok(content) => Ok(path.file_name().map(|name| (name.to_owned(), content))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

const TOO_LONG: &str = "it is too long";
/// Of an ignore file or a policy, in bytes.
const MAX_BESIDE: u64 = 16 * 1024 * 1024;

#[cfg(test)]
mod tests {
    use std::{fs, process::Command};

    use super::*;

    #[test]
    fn what_nobody_can_wire_is_told_and_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let read = |name: &str| match Source::of_file(&path(name)).text {
            Text::Here(_) => "text",
            Text::Unread(why) => why,
            Text::Missing => "nothing",
        };
        let pipe = |name: &str| {
            let made = Command::new("mkfifo").arg(path(name)).status();
            assert!(made.unwrap().success());
        };
        for name in ["plain", "ignoring"] {
            fs::write(path(name), "FROM scratch\n").unwrap();
        }
        pipe("pipe");
        pipe("ignoring.dockerignore");
        let long = File::create(path("long")).unwrap();
        long.set_len(3 << 30).unwrap();
        for (name, text) in [
            ("plain", "text"),
            ("none", "nothing"),
            ("pipe", "it is no regular file"),
            ("long", "it is too long"),
            ("ignoring", "a file beside it cannot be read"),
        ] {
            assert_eq!(read(name), text, "{name}");
        }
    }
}
