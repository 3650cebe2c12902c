//! `cargo xtask bench`.

use std::process::ExitCode;

use super::cargo::{release_bench, release_client};
use crate::{
    bench,
    lab::{Lab, LabError},
};

/// Measures the client as users get it.
pub(super) fn run(names: &[String]) -> Result<ExitCode, LabError> {
    let lab = Lab::up()?;
    let pass = || release_bench("keystay-agent", "pass");
    bench::run(&lab, &release_client()?, &pass, names)?;
    Ok(ExitCode::SUCCESS)
}
