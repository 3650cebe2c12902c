//! The words after `receipt`.

use std::{ffi::OsString, path::PathBuf};

use clap::{Args, Subcommand};

use super::Holder;

/// What to do with a receipt.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum ReceiptCommand {
    /// Say whether a receipt is of this image, and what it says of it
    Check(CheckArgs),
}

/// A receipt and an image.
#[derive(Args, Clone, Debug)]
pub(crate) struct CheckArgs {
    /// The receipt
    pub(crate) file: PathBuf,
    /// An image of the engine, a file that `docker image save` wrote, an OCI layout (its folder or
    /// an archive of it), or `-` for standard input
    pub(crate) image: OsString,
    /// The engine that holds the image
    #[arg(long, value_name = "NAME", value_enum, default_value_t = Holder::Docker)]
    pub(crate) engine: Holder,
}
