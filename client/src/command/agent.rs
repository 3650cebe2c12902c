//! The agent: the only file that knows its crate.

use std::{ffi::OsString, process};

/// Runs the agent with its own arguments, in this process, until it ends.
pub(crate) fn agent(arguments: &[OsString]) -> process::ExitCode {
    let name = OsString::from("keystay agent");
    keystay_agent::main([name].into_iter().chain(arguments.iter().cloned()))
}
