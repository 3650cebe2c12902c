//! The exit statuses of `ssh-agent`, for scripts that were written for it.

use clap::error::{ContextKind, ContextValue};

/// What it ends with when it cannot do what it is asked for.
pub(crate) const FAILED: u8 = 1;

/// The status of a command line that is wrong in a way that concerns ssh-agent: called so, or in an
/// option that it has, which are the short ones.
pub(crate) fn of_command_line(error: &clap::Error, is_ssh_agent: bool) -> Option<u8> {
    let text = |kind| match error.get(kind) {
        Some(ContextValue::String(text)) => text.as_str(),
        _ => "",
    };
    let is = |option: &str| text(ContextKind::InvalidArg).starts_with(option);
    let is_its_own = is("-") && !is("--") && !is("-a");
    // A value that is missing is none of these.
    let is_fatal = (is("-O") || is("-E")) && !text(ContextKind::InvalidValue).is_empty();
    (is_ssh_agent || is_its_own).then_some(if is_fatal { FATAL } else { FAILED })
}

/// OpenSSH's `fatal`.
const FATAL: u8 = 255;
