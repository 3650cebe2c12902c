//! Whose arguments they are.

use super::flags::{self, Known};
use super::podman;

/// Whose arguments they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Dialect {
    /// `docker build` and `docker buildx build`.
    #[default]
    Docker,
    /// `podman build` and `buildah build`: without an argument the context is the current folder, and
    /// a `Containerfile` is looked for first.
    Podman,
}

impl Dialect {
    /// The flag of this long name.
    pub(super) fn long(self, name: &str) -> Option<Known> {
        match self {
            Self::Docker => flags::long(name),
            Self::Podman => podman::long(name),
        }
    }

    /// The flag of this letter.
    pub(super) fn short(self, letter: char) -> Option<Known> {
        match self {
            Self::Docker => flags::short(letter),
            Self::Podman => podman::short(letter),
        }
    }
}
