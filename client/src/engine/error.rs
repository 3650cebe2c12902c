//! Why an engine cannot build.

use std::{io, path::PathBuf};

/// Why the engine cannot build, or could not be run.
#[derive(Debug, thiserror::Error)]
pub(crate) enum EngineError {
    /// No `docker` program on the path.
    #[error("no `docker` program found in PATH")]
    NoProgram,
    /// No podman or buildah on the path.
    #[error("no `{0}` program found in PATH")]
    NoPodman(&'static str),
    /// Podman would build on another machine.
    #[error("{0} lets podman build on another machine, and it does not carry ssh there")]
    Remote(&'static str),
    /// A docker without BuildKit's client.
    #[error("docker has no buildx plug-in")]
    NoBuildx,
    /// BuildKit is turned off.
    #[error("DOCKER_BUILDKIT={0} turns off BuildKit, which forwards keys to a build")]
    BuildKitOff(String),
    /// Nobody answers at the engine's socket.
    #[error("the docker engine does not answer at unix://{socket}: {source}", socket = socket.display())]
    Silent {
        /// Its socket.
        socket: PathBuf,
        /// What happened instead.
        source: io::Error,
    },
    /// It cannot do fetch mode.
    #[error("fetch mode is not possible: {0}")]
    NoFetch(String),
    /// It cannot do fetch mode, which the list of repositories needs.
    #[error("only fetch mode keeps a build to a list of repositories: {0}")]
    NoList(String),
    /// The program could not be started or waited for.
    #[error("cannot run {program}: {source}", program = program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// What happened instead.
        source: io::Error,
    },
}

impl EngineError {
    /// What to do about it.
    pub(crate) fn hints(&self) -> Vec<String> {
        let hints: &[&str] = match self {
            Self::NoProgram => &[
                "install Docker (Debian: `sudo apt install docker.io`), or add its folder to PATH",
            ],
            Self::NoPodman("podman") => {
                &["install it (Debian: `sudo apt install podman`), or add its folder to PATH"]
            }
            Self::NoPodman(_) => {
                &["install it (Debian: `sudo apt install buildah`), or add its folder to PATH"]
            }
            Self::Remote(_) => &["do without it, or run Keystay on that machine"],
            Self::NoBuildx => &[
                "install it: `sudo apt install docker-buildx` (Debian), `docker-buildx-plugin` (docker.com's packages)",
                "or put the `docker-buildx` program into ~/.docker/cli-plugins/ and make it executable",
            ],
            Self::BuildKitOff(_) => &["run `unset DOCKER_BUILDKIT`, or set it to 1"],
            Self::Silent { source, .. } => silent(source),
            Self::NoFetch(_) => &["let the steps log in themselves: `keystay --mode sign build …`"],
            Self::NoList(_) => &[
                "or let the build read whatever the keys open, without a list: `keystay --mode sign build …`",
            ],
            Self::Run { source, .. } if source.kind() == io::ErrorKind::ArgumentListTooLong => &[
                "each id of an ssh mount is passed on the command line: let steps share ids, or take words off the build",
            ],
            Self::Run { .. } => &[],
        };
        hints.iter().map(|&hint| hint.to_owned()).collect()
    }
}

fn silent(source: &io::Error) -> &'static [&'static str] {
    match source.kind() {
        io::ErrorKind::PermissionDenied => &[
            "add your user to the group that may use it: `sudo usermod -aG docker $USER`, then log in again",
        ],
        io::ErrorKind::TimedOut => &["the engine is there but hangs; look at its log"],
        _ => &[
            "start it: `sudo systemctl start docker`",
            "or name another one in DOCKER_HOST or with `docker context use`",
        ],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_that_is_too_long_is_no_riddle() {
        let source = io::ErrorKind::ArgumentListTooLong.into();
        let program = "/usr/bin/docker".into();
        let hints = EngineError::Run { program, source }.hints();
        assert_eq!(
            hints,
            [
                "each id of an ssh mount is passed on the command line: let steps share ids, or take words off the build"
            ]
        );
    }
}
