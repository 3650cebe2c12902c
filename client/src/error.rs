//! What ends a command, for a person: one line, hints, and the documented status of each.

use std::io;

use crate::{
    agent_link::LinkError,
    cli::UsageError,
    command::{CheckError, FilesError, ImageError, KeyGiven, LintError, LogError, StdinError},
    config::ConfigError,
    engine::{Caught, EngineError},
    exit_code::ExitCode,
    receipt::ReceiptError,
};

/// Why a command ends early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The command line is wrong.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// A configuration file is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The engine cannot build.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The agent cannot serve.
    #[error(transparent)]
    Agent(#[from] LinkError),
    /// Standard input cannot serve two.
    #[error(transparent)]
    Stdin(#[from] StdinError),
    /// What is to be searched is no image.
    #[error(transparent)]
    Image(#[from] ImageError),
    /// The wired files cannot be written.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The build would be given a key.
    #[error(transparent)]
    KeyGiven(#[from] KeyGiven),
    /// A Dockerfile cannot be read, or its repair not be written.
    #[error(transparent)]
    Lint(#[from] LintError),
    /// The receipt cannot be written.
    #[error(transparent)]
    Receipt(#[from] ReceiptError),
    /// A receipt cannot be checked.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// The audit log cannot be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Standard output takes nothing.
    #[error("cannot write to standard output: {0}")]
    Print(#[source] io::Error),
    /// The runtime or the signal handlers cannot be set up.
    #[error("cannot start: {0}")]
    Runtime(#[source] io::Error),
    /// A signal ended the command before the engine ran.
    #[error("{} before the build began", caught(*.0))]
    Caught(Caught),
    /// A signal ended a command that builds nothing.
    #[error("{}", caught(*.0))]
    Ended(Caught),
}

impl Error {
    /// The documented status: the one place where errors get theirs.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::KeyGiven(_) => ExitCode::Leak,
            Self::Lint(LintError::Write { .. }) => ExitCode::Unavailable,
            Self::Image(ImageError::Read { .. }) | Self::Lint(_) => ExitCode::Unreadable,
            Self::Check(error) => error.exit_code(),
            Self::Usage(_)
            | Self::Stdin(_)
            | Self::Image(_)
            | Self::Receipt(ReceiptError::NotAFile(_) | ReceiptError::NoImage(_)) => {
                ExitCode::Usage
            }
            Self::Config(ConfigError::Limit { .. }) => ExitCode::Refused,
            Self::Engine(EngineError::BuildKitOff(_)) | Self::Config(_) => ExitCode::Configuration,
            Self::Agent(LinkError::Problem(problem)) => problem.code.into(),
            Self::Agent(LinkError::Malformed { .. }) | Self::Runtime(_) => ExitCode::Internal,
            Self::Engine(_)
            | Self::Agent(_)
            | Self::Files(_)
            | Self::Log(_)
            | Self::Receipt(_)
            | Self::Print(_) => ExitCode::Unavailable,
            Self::Caught(caught) | Self::Ended(caught) => ExitCode::Signalled(caught.number()),
        }
    }

    /// What the person can do about it, a sentence each.
    pub(crate) fn hints(&self) -> Vec<String> {
        match self {
            Self::Usage(error) => error.hints(),
            Self::Config(error) => error.hints(),
            Self::Engine(error) => error.hints(),
            Self::Agent(error) => error.hints(),
            Self::Stdin(error) => error.hints(),
            Self::Image(error) => error.hints(),
            Self::KeyGiven(error) => error.hints(),
            Self::Lint(error) => error.hints(),
            Self::Receipt(error) => error.hints(),
            Self::Check(error) => error.hints(),
            Self::Log(_) => vec![LOG.to_owned()],
            Self::Files(_) => vec![FILES.to_owned()],
            Self::Print(_) => vec![PRINT.to_owned()],
            Self::Runtime(_) | Self::Caught(_) | Self::Ended(_) => Vec::new(),
        }
    }
}

impl From<Caught> for Error {
    fn from(caught: Caught) -> Self {
        Self::Caught(caught)
    }
}

const LOG: &str = "it is made by the first build, in XDG_STATE_HOME or ~/.local/state";
const PRINT: &str = "make room where it is redirected to";
const FILES: &str = "make room there, or name another folder in TMPDIR";

fn caught(caught: Caught) -> &'static str {
    match caught {
        Caught::Interrupt => "interrupted",
        Caught::Terminate => "terminated",
        Caught::HangUp => "the terminal hung up",
    }
}
