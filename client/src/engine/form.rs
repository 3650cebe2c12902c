//! How an engine is asked to build.

use keystay_proto::control::Transport;

use super::Dialect;

/// How an engine is asked to build.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `docker build`
    Build,
    /// `docker buildx build`
    BuildxBuild,
    /// `podman build`
    PodmanBuild,
    /// `buildah build`
    BuildahBuild,
    /// `buildah bud`
    BuildahBud,
}

impl Form {
    /// The program.
    pub(crate) fn program(self) -> &'static str {
        match self {
            Self::Build | Self::BuildxBuild => "docker",
            Self::PodmanBuild => "podman",
            Self::BuildahBuild | Self::BuildahBud => "buildah",
        }
    }

    /// The words between the program and the build's arguments.
    pub(crate) fn words(self) -> &'static [&'static str] {
        match self {
            Self::Build | Self::PodmanBuild | Self::BuildahBuild => &["build"],
            Self::BuildxBuild => &["buildx", "build"],
            Self::BuildahBud => &["bud"],
        }
    }

    /// Whose arguments it takes.
    pub(crate) fn dialect(self) -> Dialect {
        match self {
            Self::Build | Self::BuildxBuild => Dialect::Docker,
            Self::PodmanBuild | Self::BuildahBuild | Self::BuildahBud => Dialect::Podman,
        }
    }

    /// How connections reach a grant.
    pub(crate) fn transport(self) -> Transport {
        match self.dialect() {
            Dialect::Docker => Transport::Streams,
            Dialect::Podman => Transport::Shared,
        }
    }
}
