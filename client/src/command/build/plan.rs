//! What changes in a build to connect it to its grant.

use std::{
    env,
    ffi::{OsStr, OsString},
    fs, io,
    path::Path,
};

use super::{
    asked::Asked,
    stdin::{self, Content, StdinError},
};
use crate::{
    cli::{Options, Wire},
    dockerfile::{Dockerfile, MAX_DOCKERFILE},
    engine::{DockerfileLocation, Input, dockerignore_for, policy_for},
    wiring::{self, Secret, Which},
};

/// What changes.
#[derive(Debug)]
pub(super) struct Plan {
    /// The Dockerfile to build instead, where it changes.
    pub(super) dockerfile: Option<String>,
    /// The files to put it in, where docker reads it from a file.
    pub(super) files: Option<Names>,
    /// The ids of ssh mounts that the grant serves.
    pub(super) ssh: Vec<(String, Which)>,
    /// The files that its steps get.
    pub(super) secrets: Vec<Secret>,
    /// What the user should know, a sentence each.
    pub(super) notes: Vec<String>,
    /// What docker reads from standard input.
    pub(super) input: Input,
}

/// The file of a Dockerfile, and the files that docker reads beside it.
#[derive(Debug)]
pub(super) struct Names {
    /// Its own file name.
    pub(super) name: OsString,
    /// Names and contents of its ignore file and its policy, where it has them.
    pub(super) beside: Vec<(OsString, Vec<u8>)>,
}

impl Plan {
    /// Reads the Dockerfile that docker would read, and plans what changes.
    pub(super) fn make(asked: &Asked, options: &Options) -> Result<Self, StdinError> {
        let folder = env::current_dir().unwrap_or_default();
        let location = asked.dockerfile(&folder);
        let mut plan = Self::nothing(options.takes_stdin());
        match location {
            DockerfileLocation::Path(path) => plan.read_file(&path, asked, options),
            DockerfileLocation::Stdin => plan.read_stdin("the Dockerfile", asked, options)?,
            DockerfileLocation::StdinContext => plan.read_stdin("the context", asked, options)?,
            DockerfileLocation::Remote(_) => plan.unread(asked, "it is not on this machine"),
            DockerfileLocation::Unknown => plan.pass_default(asked),
        }
        if asked.context_needs_ssh() {
            plan.pass_default(asked);
        }
        Ok(plan)
    }

    /// No change, with standard input for docker unless the agent takes it.
    pub(super) fn nothing(stdin_taken: bool) -> Self {
        Self {
            dockerfile: None,
            files: None,
            ssh: Vec::new(),
            secrets: Vec::new(),
            notes: Vec::new(),
            input: if stdin_taken {
                Input::Nothing
            } else {
                Input::Inherited
            },
        }
    }

    fn read_file(&mut self, path: &Path, asked: &Asked, options: &Options) {
        match fs::read(path) {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => self.wire(&text, asked, options),
                Err(_) => self.unread(asked, "it is not UTF-8 text"),
            },
            // Docker says so better.
            Err(_) => self.pass_default(asked),
        }
        self.files = Some(Names {
            name: path.file_name().unwrap_or_default().to_owned(),
            beside: [dockerignore_for(path), policy_for(path)]
                .iter()
                .filter_map(named)
                .collect(),
        });
    }

    fn read_stdin(
        &mut self,
        what: &'static str,
        asked: &Asked,
        options: &Options,
    ) -> Result<(), StdinError> {
        if options.takes_stdin() {
            return Err(StdinError::Claimed(what));
        }
        self.input = match stdin::read(io::stdin().lock())? {
            Content::Dockerfile(text) => {
                self.wire(&text, asked, options);
                Input::File(stdin::file(self.dockerfile.as_deref().unwrap_or(&text))?)
            }
            Content::Other(file) => {
                self.unread(asked, "it is in an archive on standard input");
                Input::File(file)
            }
        };
        Ok(())
    }

    fn wire(&mut self, text: &str, asked: &Asked, options: &Options) {
        if text.len() > MAX_DOCKERFILE {
            return self.unread(asked, "it is too long");
        }
        let dockerfile = match Dockerfile::parse(text) {
            Ok(dockerfile) => dockerfile,
            Err(error) => return self.unread(asked, &error.to_string()),
        };
        let passed = asked.passed();
        let planned = wiring::sign_mode(&dockerfile, &passed);
        if !planned.has_ssh_mount && planned.ssh.is_empty() {
            self.notes.push(NO_MOUNT.to_owned());
        }
        self.ssh = planned.ssh;
        if options.wire != Wire::None {
            self.dockerfile = planned.dockerfile;
            self.secrets = planned.secrets;
            self.notes
                .extend(planned.notes.iter().map(ToString::to_string));
        }
    }

    /// A Dockerfile that is not read is built as it stands, and may use the usual id.
    fn unread(&mut self, asked: &Asked, why: &str) {
        self.notes
            .push(format!("the Dockerfile is built as it stands, since {why}"));
        self.pass_default(asked);
    }

    fn pass_default(&mut self, asked: &Asked) {
        let passed = asked.passed().ssh_ids;
        let mut ids = passed.iter().chain(self.ssh.iter().map(|(id, _)| id));
        if !ids.any(|id| id == DEFAULT) {
            self.ssh.push((DEFAULT.to_owned(), Which::Sign));
        }
    }
}

fn named(path: impl AsRef<Path>) -> Option<(OsString, Vec<u8>)> {
    let path = path.as_ref();
    let content = fs::read(path).ok()?;
    Some((path.file_name().map(OsStr::to_owned)?, content))
}

const DEFAULT: &str = "default";
const NO_MOUNT: &str = "no step mounts an ssh agent, so none can use the keys; a step that fetches \
                        begins with `RUN --mount=type=ssh`";
