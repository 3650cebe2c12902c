//! What ends a command, for a person: one line, hints, and the documented status of each.

use std::io;

use crate::{
    agent_link::LinkError,
    cli::UsageError,
    command::{FilesError, StdinError},
    engine::EngineError,
    exit_code::ExitCode,
};

/// Why a command ends early.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The command line is wrong.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// The engine cannot build.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The agent cannot serve.
    #[error(transparent)]
    Agent(#[from] LinkError),
    /// Standard input cannot serve two.
    #[error(transparent)]
    Stdin(#[from] StdinError),
    /// The wired files cannot be written.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The runtime or the signal handlers cannot be set up.
    #[error("cannot start: {0}")]
    Runtime(#[source] io::Error),
    /// A signal ended the command before the engine ran.
    #[error("ended by signal {0} before the build began")]
    Signalled(u8),
}

impl Error {
    /// The documented status: the one place where errors get theirs.
    pub(crate) fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) | Self::Stdin(StdinError::Claimed { .. }) => ExitCode::Usage,
            Self::Engine(EngineError::BuildKitOff(_)) => ExitCode::Configuration,
            Self::Engine(_) => ExitCode::Unavailable,
            Self::Agent(LinkError::Problem(problem)) => problem.code.into(),
            Self::Agent(LinkError::Malformed { .. }) | Self::Runtime(_) => ExitCode::Internal,
            Self::Agent(_) => ExitCode::Unavailable,
            Self::Stdin(StdinError::Read(_)) => ExitCode::Usage,
            Self::Files(_) => ExitCode::Unavailable,
            Self::Signalled(signal) => ExitCode::Signalled(*signal),
        }
    }

    /// What the person can do about it, a sentence each.
    pub(crate) fn hints(&self) -> Vec<String> {
        match self {
            Self::Usage(error) => error.hints(),
            Self::Engine(error) => error.hints(),
            Self::Agent(error) => error.hints(),
            Self::Stdin(error) => error.hints(),
            Self::Files(_) | Self::Runtime(_) | Self::Signalled(_) => Vec::new(),
        }
    }
}
