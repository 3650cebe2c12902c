//! The lab: real engines, git hosts, base images, repositories and keys on this machine.
//!
//! [`Lab::up`] brings it up, or finds it standing. Everything lives under one folder
//! (`$KEYSTAY_LAB`, by default `/var/lib/keystay-lab`) and every server listens on loopback or on a
//! Unix socket there. The machine's own docker, agent and `~/.ssh` are never touched, and no user or
//! service is added to it: the git hosts run in a Debian root folder of the lab. What engines
//! leave outside of it are empty folders (`/opt/containerd`, `/run/docker`, `/run/containerd` and
//! `/run/runc`) and podman's note of which layers it has seen, `/var/lib/containers/cache`.
//!
//! After a reboot, or when servers were killed, the next [`Lab::up`] starts them again. A change to
//! how engines, root folder or images are made needs its `VERSION` (or the images' archive number)
//! raised; repositories, keys and settings are compared with what is there.
//!
//! ```text
//! docker-20.10   Debian 12's engine, BuildKit client in the CLI     [`Engine`]
//! docker-26      Debian 13's engine and buildx                      [`Engine`]
//! podman         Debian 12's, and buildah on the same storage       [`Daemonless`]
//! keystay/*:1    base images, the same everywhere                   [`IMAGES`]
//! base-arm64     on demand: an arm64 image, run by an emulator       [`Lab::arm64`]
//! git host       OpenSSH that behaves like a large public host      [`GitHost`]
//! plain host     Dropbear, which knows no host-bound authentication [`GitHost`]
//! python         on demand: paramiko, asyncssh and pygit2 in an environment of their own [`Lab::python`]
//! jump host      on demand: the only way to a git host in a network of its own [`JumpHost`]
//! authority's    on demand: a git host that trusts certificates only       [`AuthorityHost`]
//! scanners       on demand: gitleaks and trufflehog of Debian, for the benches
//! acme/*         private repositories, the same on both hosts       [`REPOSITORIES`],
//!                [`DEPENDENCIES`], [`WITH_SUBMODULES`], [`LARGE`]
//! keys           what opens which of them                           [`KEYS`]
//! ```

mod agent;
mod apt;
mod arm64;
mod authority;
mod daemon;
mod daemonless;
mod debian;
mod down;
mod engine;
mod error;
mod file;
mod host;
mod image;
mod jump;
mod key;
mod packages;
mod paths;
mod process;
mod python;
mod relay;
mod repo;
mod scanner;
mod server_folder;
mod stand;
mod status;

pub(crate) use process::run;
pub(crate) use scanner::Scanner;

pub use agent::UpstreamAgent;
pub use arm64::ARM64_IMAGE;
pub use authority::AuthorityHost;
pub use daemonless::Daemonless;
pub use down::{Removal, unmount_below};
pub use engine::Engine;
pub use error::LabError;
pub use host::GitHost;
pub use image::IMAGES;
pub use jump::{JumpHost, PRIVATE_HOST};
pub use key::{Access, KEYS, KeySpec, PASSPHRASE};
pub use relay::Relay;
pub use repo::{DEPENDENCIES, LARGE, REPOSITORIES, Repository, WITH_SUBMODULES};
pub use stand::Lab;
pub use status::Status;
