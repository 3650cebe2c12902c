//! `cargo xtask lab …`.

use std::io::Write;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, ExitCode};

use clap::Subcommand;

use crate::lab::{Lab, LabError, Removal};

/// What can be done with the lab as a whole.
#[derive(Debug, Subcommand)]
pub(super) enum LabCommand {
    /// Bring the lab up, or what is missing of it
    Up,
    /// Show what stands; succeeds only if everything does
    Status,
    /// Stop what the lab runs
    Down {
        /// Delete the lab's folder too
        #[arg(long)]
        purge: bool,
    },
}

impl LabCommand {
    pub(super) fn run(&self) -> Result<ExitCode, LabError> {
        if !rustix::process::geteuid().is_root() {
            return again_as_root();
        }
        match self {
            Self::Up => Lab::up().map(|_| ExitCode::SUCCESS),
            Self::Status => status(),
            Self::Down { purge } => {
                let removal = if *purge {
                    Removal::Purge
                } else {
                    Removal::Keep
                };
                Lab::down(removal).map(|()| ExitCode::SUCCESS)
            }
        }
    }
}

fn status() -> Result<ExitCode, LabError> {
    let status = Lab::status()?;
    // A closed stdout leaves nobody to show the table to.
    let _ = write!(std::io::stdout(), "{status}");
    Ok(if status.stands() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

fn again_as_root() -> Result<ExitCode, LabError> {
    let program = std::env::current_exe().map_err(|source| LabError::Start {
        program: "xtask".to_owned(),
        source,
    })?;
    let status = Command::new("sudo")
        .arg("--preserve-env=KEYSTAY_LAB")
        .arg(program)
        .args(std::env::args_os().skip(1))
        .status()
        .map_err(|_| LabError::NotRoot)?;
    let code = status
        .code()
        .or_else(|| status.signal().map(|number| 128 + number));
    Ok(ExitCode::from(
        code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1),
    ))
}
