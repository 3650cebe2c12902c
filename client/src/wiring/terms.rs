//! What a fetch-mode build asks of its wiring.

use super::Rewrites;

/// How a Dockerfile is wired in fetch mode.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchTerms {
    /// Which steps are wired.
    pub steps: Steps,
    /// Which shims the steps get.
    pub shim: ShimFor,
    /// The login name of ssh URLs.
    pub user: String,
    /// The `https` URLs that are fetched over ssh.
    pub rewrites: Rewrites,
    /// Whether the engine's own git fetches the context over ssh.
    pub context_needs_ssh: bool,
    /// Whether that git asks the ssh id `default`: `BuildKit`'s does, podman's logs in as its user does.
    pub git_asks_default: bool,
}

/// Which steps are wired.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steps {
    /// Those that mount an ssh agent, or name a URL that is fetched over ssh.
    Fetching,
    /// Every one.
    All,
}

/// The platform of the steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShimFor {
    /// One, known beforehand: the shim stands at its place itself.
    One,
    /// Any that there is a shim for: a script chooses among them in the step.
    Each,
}
