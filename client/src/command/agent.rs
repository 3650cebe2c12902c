//! The agent: the only file that knows its crate.

use std::ffi::OsString;

use crate::exit_code::ExitCode;

/// Runs the agent with its own arguments, in this process, until it ends.
pub(crate) fn agent(arguments: &[OsString]) -> ExitCode {
    // `keystay_agent` has no entry point yet.
    let _ = arguments;
    ExitCode::Internal
}
