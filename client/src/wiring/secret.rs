//! The files that a step gets, which are no part of the image.

/// A file that is mounted into steps. `BuildKit` takes it as a secret: no layer holds it, and the
/// cache does not depend on what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Secret {
    /// The verified host keys, as the file that OpenSSH reads for all users.
    KnownHosts,
    /// The shim, or the script that chooses it, before the image's own `ssh` in every usual `PATH`.
    Shim,
    /// The shim for `linux/amd64`, where the step's platform is not known beforehand.
    ShimAmd64,
    /// The same for `linux/arm64`.
    ShimArm64,
    /// The git configuration for all users.
    Gitconfig,
    /// Cargo's configuration, where cargo looks for it from every working directory.
    Cargo,
}

impl Secret {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::KnownHosts,
        Self::Shim,
        Self::ShimAmd64,
        Self::ShimArm64,
        Self::Gitconfig,
        Self::Cargo,
    ];

    /// The id that it is passed by.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::KnownHosts => "keystay.known_hosts",
            Self::Shim => "keystay.ssh",
            Self::ShimAmd64 => "keystay.ssh-amd64",
            Self::ShimArm64 => "keystay.ssh-arm64",
            Self::Gitconfig => "keystay.gitconfig",
            Self::Cargo => "keystay.cargo",
        }
    }

    /// Where it appears in a step.
    #[must_use]
    pub fn target(self) -> &'static str {
        match self {
            Self::KnownHosts => "/etc/ssh/ssh_known_hosts",
            Self::Shim => "/usr/local/bin/ssh",
            Self::ShimAmd64 => "/usr/local/bin/keystay-ssh-amd64",
            Self::ShimArm64 => "/usr/local/bin/keystay-ssh-arm64",
            Self::Gitconfig => "/etc/gitconfig",
            Self::Cargo => "/.cargo/config.toml",
        }
    }

    /// Whether it is a program.
    fn is_program(self) -> bool {
        matches!(self, Self::Shim | Self::ShimAmd64 | Self::ShimArm64)
    }

    /// The flag of its mount.
    pub(super) fn flag(self) -> String {
        let mode = if self.is_program() { "0555" } else { "0444" };
        let (id, target) = (self.id(), self.target());
        format!("--mount=type=secret,id={id},target={target},mode={mode}")
    }
}
