//! Choices of the command line.

use clap::ValueEnum;

/// How a build reaches its repositories.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Mode {
    /// Fetch where the engine and the Dockerfile allow, else sign
    Auto,
    /// The host fetches, and only what the grant allows; no step can sign
    Fetch,
    /// Steps log in themselves, with a filtered agent
    Sign,
}

/// How much of a Dockerfile is wired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Wire {
    /// The steps that mount an ssh agent or name an ssh git URL
    Auto,
    /// Every step (fetch mode)
    All,
    /// Nothing: the Dockerfile is built as it stands
    None,
}
