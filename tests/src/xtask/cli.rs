//! The command line of `cargo xtask`.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use super::lab::LabCommand;

/// Runs the command named on the command line; its errors go to stderr with all their causes.
#[must_use]
pub fn main() -> ExitCode {
    let done = match Xtask::parse().command {
        Command::Lab { command } => command.run().map_err(Box::from),
    };
    done.unwrap_or_else(|error: Box<dyn Error>| {
        report(error.as_ref());
        ExitCode::FAILURE
    })
}

/// The project's commands.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask")]
struct Xtask {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// The lab: real engines, git hosts, images and repositories that the tests run against
    Lab {
        #[command(subcommand)]
        command: LabCommand,
    },
}

fn report(error: &dyn Error) {
    let mut text = format!("xtask: error: {error}");
    let mut cause = error.source();
    while let Some(source) = cause {
        text.push_str(": ");
        text.push_str(&source.to_string());
        cause = source.source();
    }
    // A closed stderr leaves nobody to tell.
    let _ = writeln!(std::io::stderr(), "{text}");
}
