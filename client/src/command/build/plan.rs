//! What docker is asked to build, and what changes in it to connect it to a grant.
//!
//! The seam to argument parsing, Dockerfile reading and wiring: everything else of a build knows
//! these two types only.

use std::{
    ffi::{OsStr, OsString},
    io,
    path::Path,
};

use super::{
    stdin::{self, Content, StdinError},
    wired::Paths,
};
use crate::{
    cli::{Options, UsageError},
    engine::Input,
    error::Error,
};

/// The arguments of a build.
#[derive(Debug)]
pub(super) struct Asked {
    arguments: Vec<OsString>,
}

/// What changes.
#[derive(Debug)]
pub(super) struct Plan {
    /// The Dockerfile to build instead, where it changes.
    pub(super) dockerfile: Option<WiredDockerfile>,
    /// The ids of ssh mounts that the grant serves.
    pub(super) ssh_ids: Vec<String>,
    /// Whether the Dockerfile is wired to verified host keys.
    pub(super) known_hosts: bool,
    /// What the user should know, a sentence each.
    pub(super) notes: Vec<String>,
    /// What docker reads from standard input.
    pub(super) input: Input,
}

/// A Dockerfile that is built in the place of the user's.
#[derive(Debug)]
pub(super) struct WiredDockerfile {
    /// The file name of the user's.
    pub(super) name: OsString,
    /// Its text.
    pub(super) text: String,
    /// The rules of its own ignore file, where it has one.
    pub(super) ignore: Option<Vec<u8>>,
}

impl Asked {
    /// Reads the arguments after the command word.
    pub(super) fn read(arguments: Vec<OsString>) -> Result<Self, UsageError> {
        Ok(Self { arguments })
    }

    /// The arguments as they came.
    pub(super) fn arguments(&self) -> &[OsString] {
        &self.arguments
    }

    /// Why docker runs without a grant, if it builds no image.
    pub(super) fn why_verbatim(&self) -> Option<&'static str> {
        let has = |option: &str| self.arguments.iter().any(|argument| argument == option);
        if has("--help") || has("-h") {
            Some(HELP)
        } else if has("--check") {
            Some("nothing is built, so docker runs without keys")
        } else {
            None
        }
    }

    /// The build's name in records: its tag, or its context.
    pub(super) fn name(&self) -> String {
        self.arguments
            .last()
            .map(|last| last.to_string_lossy().into_owned())
            .unwrap_or_default()
    }

    /// The builder that the user names.
    pub(super) fn builder(&self) -> Option<&OsStr> {
        None
    }

    /// Whether docker itself needs the user's agent, for an id without a socket.
    pub(super) fn needs_agent(&self) -> bool {
        false
    }

    /// Where the user wants the image's id.
    pub(super) fn iidfile(&self) -> Option<&Path> {
        None
    }

    /// Why there is no image to search in the engine, if there is none.
    pub(super) fn leaves_no_image(&self) -> Option<&'static str> {
        None
    }

    /// Reads the Dockerfile and decides what changes.
    pub(super) fn plan(&self, options: &Options) -> Result<Plan, Error> {
        let mut plan = Plan {
            dockerfile: None,
            ssh_ids: vec!["default".into()],
            known_hosts: false,
            notes: Vec::new(),
            input: if options.takes_stdin() {
                Input::Nothing
            } else {
                Input::Inherited
            },
        };
        if self.arguments.last().is_some_and(|last| last == "-") {
            if options.takes_stdin() {
                return Err(StdinError::Claimed("the context").into());
            }
            plan.input = match stdin::read(io::stdin().lock())? {
                Content::Dockerfile(text) => Input::File(stdin::file(&text)?),
                Content::Other(file) => Input::File(file),
            };
        }
        Ok(plan)
    }

    /// The arguments of the wired build.
    pub(super) fn wired(&self, plan: &Plan, paths: &Paths) -> Vec<OsString> {
        let mut arguments = Vec::new();
        for id in &plan.ssh_ids {
            let mut value = OsString::from(format!("{id}="));
            value.push(&paths.socket);
            arguments.extend(["--ssh".into(), value]);
        }
        arguments.extend(["--iidfile".into(), paths.iidfile.clone().into()]);
        arguments.extend(self.arguments.iter().cloned());
        arguments
    }
}

const HELP: &str =
    "docker's own help follows; keystay's options stand before `build`: `keystay help`";
