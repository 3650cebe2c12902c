//! `keystay build` and `keystay buildx build`.

mod outcome;

use std::{ffi::OsString, io};

use crate::{cli::Options, error::Error, exit_code::ExitCode};

#[derive(Debug, thiserror::Error)]
pub(crate) enum StdinError {
    #[error("standard input cannot be both {first} and {second}")]
    Claimed {
        first: &'static str,
        second: &'static str,
    },
    #[error("cannot read standard input: {0}")]
    Read(#[source] io::Error),
}
impl StdinError {
    pub(crate) fn hints(&self) -> Vec<String> {
        vec![]
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum FilesError {
    #[error("cannot write the wired files: {0}")]
    Write(#[source] io::Error),
}

pub(crate) async fn build(_o: &Options, _a: Vec<OsString>) -> Result<ExitCode, Error> {
    Ok(ExitCode::Internal)
}
pub(crate) async fn buildx(_o: &Options, _a: Vec<OsString>) -> Result<ExitCode, Error> {
    Ok(ExitCode::Internal)
}
