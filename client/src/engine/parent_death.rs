//! Engines that end with this process, however it ends.
//!
//! Linux sends a signal to a process whose parent is gone, if the process itself asks for it before
//! it becomes the engine. So the engine is started through a hidden command of this program:
//! `keystay exec-engine PARENT PROGRAM ARGS…` asks and then becomes `PROGRAM`.

use std::{ffi::OsString, path::Path};

use tokio::process::Command;

use crate::exit_code::ExitCode;

/// A command that runs `program`, and ends with this process where the system can see to it.
pub(crate) fn command(program: &Path) -> Command {
    #[cfg(target_os = "linux")]
    if let Some(command) = linux::command(program) {
        return command;
    }
    Command::new(program)
}

/// Becomes the engine if that is what the command line asks for; returns only if it does not, or
/// cannot.
pub(crate) fn exec_if_asked(arguments: &[OsString]) -> Option<ExitCode> {
    #[cfg(target_os = "linux")]
    if let [_, word, parent, program, rest @ ..] = arguments
        && word == linux::WORD
    {
        return Some(linux::exec(parent, program, rest));
    }
    let _ = arguments;
    None
}

#[cfg(target_os = "linux")]
mod linux {
    use std::{
        env,
        ffi::{OsStr, OsString},
        os::unix::process::CommandExt as _,
        path::{Path, PathBuf},
        process,
    };

    use rustix::process::{Pid, Signal, getpid, getppid, set_parent_process_death_signal};
    use tokio::process::Command;

    use crate::{engine::EngineError, exit_code::ExitCode, output};

    pub(super) const WORD: &str = "exec-engine";

    pub(super) fn command(program: &Path) -> Option<Command> {
        let mut command = Command::new(env::current_exe().ok()?);
        command
            .arg(WORD)
            .arg(Pid::as_raw(Some(getpid())).to_string())
            .arg(program);
        Some(command)
    }

    pub(super) fn exec(parent: &OsStr, program: &OsStr, arguments: &[OsString]) -> ExitCode {
        let asked = set_parent_process_death_signal(Some(Signal::TERM));
        // A parent that died before the request sends no signal any more.
        let is_orphan = Pid::as_raw(getppid()).to_string().as_str() != parent;
        if asked.is_ok() && is_orphan {
            return ExitCode::Signalled(15);
        }
        let source = process::Command::new(program).args(arguments).exec();
        let error = EngineError::Run {
            program: PathBuf::from(program),
            source,
        };
        output::error(&error.into());
        ExitCode::Unavailable
    }
}
