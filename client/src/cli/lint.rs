//! The words after `lint`.

use std::{ffi::OsString, path::PathBuf};

use clap::Args;

/// What is to be looked through, and how it is told.
#[derive(Args, Clone, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct LintArgs {
    /// The Dockerfile, or `-` for standard input
    #[arg(default_value = "Dockerfile")]
    pub(crate) dockerfile: OsString,
    /// The folder that is sent with it [default: the one that it is in]
    #[arg(long, value_name = "DIR")]
    pub(crate) context: Option<PathBuf>,
    /// Rewrite it: keys go, steps that fetch get an ssh mount
    #[arg(long)]
    pub(crate) fix: bool,
    #[command(flatten)]
    pub(crate) form: Form,
}

/// The form of what is printed to standard output.
#[derive(Args, Clone, Copy, Debug)]
#[group(multiple = false)]
pub(crate) struct Form {
    /// Print one JSON object to standard output
    #[arg(long)]
    pub(crate) json: bool,
    /// Print SARIF 2.1.0, for code scanners, to standard output
    #[arg(long)]
    pub(crate) sarif: bool,
}

const AFTER_HELP: &str = "\
An error ends with status 65, a warning only after `keystay --strict lint`.

A comment above an instruction, or between its lines, silences a rule for it:
  # keystay: allow L2 the key is a test's and opens nothing";
