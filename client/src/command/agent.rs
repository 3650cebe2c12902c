//! The agent: the only file that knows its crate.

use std::{ffi::OsString, process};

/// Runs the agent with its own arguments, in this process, until it ends.
pub(crate) fn agent(arguments: &[OsString]) -> process::ExitCode {
    // Completed with the agent's entry point.
    let _ = arguments;
    process::ExitCode::FAILURE
}
