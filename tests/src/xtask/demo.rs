//! `cargo xtask demo`.

use std::process::ExitCode;

use super::cargo::release_client;
use crate::{
    demo::{self, Where},
    lab::LabError,
};

/// Shows the main job with the client as users get it.
pub(super) fn run(place: Where) -> Result<ExitCode, LabError> {
    let went_well = demo::run(place, &release_client()?)?;
    Ok(if went_well {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
