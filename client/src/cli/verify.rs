//! The words after `verify`.

use std::ffi::OsString;

use clap::{Args, ValueEnum};

use super::lint::Form;

/// What is to be searched, and how it is told.
#[derive(Args, Clone, Debug)]
pub(crate) struct VerifyArgs {
    /// An image of the engine, a file that `docker image save` wrote, an OCI layout (its folder or
    /// an archive of it), or `-` for standard input
    pub(crate) image: OsString,
    /// The engine that holds the image
    #[arg(long, value_name = "NAME", value_enum, default_value_t = Holder::Docker)]
    pub(crate) engine: Holder,
    #[command(flatten)]
    pub(crate) form: Form,
    /// Search layers again that were found clean before
    #[arg(long)]
    pub(crate) no_cache: bool,
}

/// An engine that holds images.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Holder {
    /// Docker, over its API
    Docker,
    /// Podman and buildah, from their storage
    Podman,
}
