//! What an environment builds with.

use std::{path::Path, process::Command};

use crate::lab::{Daemonless, Engine, unmount_below};

/// A docker engine, podman or buildah.
#[derive(Clone, Debug)]
pub(super) enum Builder {
    Docker(Engine),
    Daemonless(Daemonless),
}

impl Builder {
    pub(super) fn engine(&self) -> Option<&Engine> {
        match self {
            Self::Docker(engine) => Some(engine),
            Self::Daemonless(_) => None,
        }
    }

    pub(super) fn command(&self) -> Command {
        match self {
            Self::Docker(engine) => engine.docker(),
            Self::Daemonless(program) => program.command(),
        }
    }

    pub(super) fn env(&self) -> Vec<(String, String)> {
        match self {
            Self::Docker(engine) => engine.env(),
            Self::Daemonless(program) => program.env(),
        }
    }

    /// Removes what is not in the environment's folder, or keeps it from being removed.
    pub(super) fn clean_up(&self, image: &str, folder: &Path) {
        match self {
            // A test that made no image has none to remove.
            Self::Docker(engine) => drop(
                engine
                    .docker()
                    .args(["image", "rm", "--force", image])
                    .output(),
            ),
            // What stays mounted is seen by whoever cleans /tmp.
            Self::Daemonless(_) => drop(unmount_below(folder)),
        }
    }
}
