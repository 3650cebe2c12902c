//! Why a Dockerfile is not wired for fetches.

/// A Dockerfile that cannot be wired for fetches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unwirable {
    /// It would be over one of the reader's caps with its mounts, or cannot take them.
    #[error("it would be unreadable with its mounts")]
    Unreadable,
    /// A step could be given the socket that signs for the engine's own git.
    #[error(
        "line {line} could be given the socket that signs for ADD or the context; name type and id of its ssh mount"
    )]
    Signs {
        /// The line of the instruction, from 1.
        line: usize,
    },
    /// A mount stands where this reader sees no flag; the engine may, and there is a socket that signs.
    #[error(
        "line {line} has a `--mount` that is no flag of a step, and a socket signs for ADD or the context; keep the word out of it"
    )]
    Hidden {
        /// Its line, from 1.
        line: usize,
    },
    /// The engine may read it otherwise, and there is a socket that signs.
    #[error(
        "its frontend (`# syntax=`, BUILDKIT_SYNTAX) is no docker/dockerfile:1, and a socket signs for ADD or the context"
    )]
    Frontend,
}

impl Unwirable {
    /// Whether a step could get what signs.
    pub(crate) const fn exposes(self) -> bool {
        !matches!(self, Self::Unreadable)
    }
}
