//! Ending the agent that the environment names.

use std::env;

use keystay_proto::control::{Problem, ProblemCode};
use rustix::process::{Pid, Signal, kill_process};

use super::{AGENT_PID, AUTH_SOCK, Options, print};

/// Sends SIGTERM to the agent that `SSH_AGENT_PID` names, and tells the shell to forget it.
///
/// # Errors
///
/// When it names none, or the process cannot be ended.
pub(crate) fn end(options: &Options) -> Result<(), Problem> {
    let value = env::var(AGENT_PID).map_err(|_| {
        Problem::new(
            ProblemCode::Usage,
            "SSH_AGENT_PID is not set: there is no agent to end",
        )
    })?;
    let id = process_id(&value).ok_or_else(|| {
        let value = keystay_proto::printable(value.as_bytes());
        let message = format!("SSH_AGENT_PID is no process: {value}");
        Problem::new(ProblemCode::Usage, message)
    })?;
    kill_process(id, Signal::TERM).map_err(|error| {
        let message = format!("the agent {} cannot be ended: {error}", id.as_raw_nonzero());
        Problem::new(ProblemCode::Unavailable, message)
    })?;
    let shell = options.shell(env::var_os("SHELL").as_deref());
    let killed = format!("echo Agent pid {} killed;\n", id.as_raw_nonzero());
    let text = [shell.unset(AUTH_SOCK), shell.unset(AGENT_PID), killed].concat();
    print(text.as_bytes());
    Ok(())
}

/// Neither this process's group, nor every process, nor the first one.
fn process_id(text: &str) -> Option<Pid> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let number = text
        .parse()
        .ok()
        .filter(|number| is_number && *number > 1)?;
    Pid::from_raw(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_one_process_can_be_named() {
        for text in ["", "0", "1", "-1", "-7", "+7", "7x", " 7", "99999999999"] {
            assert!(process_id(text).is_none(), "{text}");
        }
        assert_eq!(process_id("7"), Pid::from_raw(7));
    }
}
