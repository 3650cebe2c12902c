//! `keystay verify IMAGE`.

use crate::{cli::Options, error::Error, exit_code::ExitCode};

/// Searches an image of the engine for the user's keys.
pub(crate) async fn verify(_options: &Options, _image: &str) -> Result<ExitCode, Error> {
    Ok(ExitCode::Internal)
}
