//! What a person can ask for, one module for each command.

mod agent;
mod build;
mod keys;
mod lint;
mod log;
mod receipt;
mod search;
mod verify;

pub(crate) use agent::{agent, ssh_agent};
pub(crate) use build::{FilesError, KeyGiven, StdinError, build, buildah, buildx, podman};
pub(crate) use keys::{grants, keys, revoke};
pub(crate) use lint::{LintError, lint};
pub(crate) use log::{LogError, log};
pub(crate) use receipt::{CheckError, receipt};
pub(crate) use verify::{ImageError, verify};
