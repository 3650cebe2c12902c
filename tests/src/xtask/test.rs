//! `cargo xtask test`.

use std::process::ExitCode;

use super::cargo::{cargo, exit_code, status};
use crate::lab::{Lab, LabError};

/// Brings up the lab and runs every test of the workspace.
pub(super) fn run() -> Result<ExitCode, LabError> {
    Lab::up()?;
    status(cargo().args(["test", "--workspace", "--locked", "--no-fail-fast"])).map(exit_code)
}
