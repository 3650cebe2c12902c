//! The agent: the only file that knows its crate.

use std::{ffi::OsString, process};

/// Runs the agent with its own arguments, in this process, until it ends.
pub(crate) fn agent(arguments: &[OsString]) -> process::ExitCode {
    let name = OsString::from("keystay agent");
    keystay_agent::main([name].into_iter().chain(arguments.iter().cloned()))
}

/// The same for a program that is called `ssh-agent`: `arguments` begin with that name.
pub(crate) fn ssh_agent(arguments: &[OsString]) -> process::ExitCode {
    keystay_agent::main(arguments.iter().cloned())
}
