//! The command line of `cargo xtask`.

use std::error::Error;
use std::io::Write;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use super::lab::LabCommand;
use crate::demo::Where;

/// Runs the command named on the command line; its errors go to stderr with all their causes.
#[must_use]
pub fn main() -> ExitCode {
    let done = match Xtask::parse().command {
        Command::Bench { names } => super::bench::run(&names),
        Command::Demo { place } => super::demo::run(place),
        Command::Fuzz { seconds } => super::fuzz::run(seconds),
        Command::Lab { command } => command.run(),
        Command::Test => super::test::run(),
    };
    done.unwrap_or_else(|error| {
        report(&error);
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
    /// Measure against the real alternatives, and print a table
    Bench {
        /// Only the rows that have one of these in their names, such as `cached`, `agent`, `fetch` or `verify`
        #[arg(value_name = "NAME")]
        names: Vec<String>,
    },
    /// Show the main job: a private dependency, built with and without Keystay
    Demo {
        /// Where to show it
        #[arg(long = "in", value_name = "PLACE", value_enum, default_value_t = Where::Auto)]
        place: Where,
    },
    /// Run every fuzz target for a while
    Fuzz {
        /// How long each runs
        #[arg(long, default_value_t = 60)]
        seconds: u32,
    },
    /// Bring up the lab and run every test
    Test,
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
