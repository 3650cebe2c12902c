//! What makes the agent start and end as OpenSSH's `ssh-agent` does: in the background, telling a shell
//! where it is, around a command.

mod detach;
mod end;
mod inherited;
mod lifetime;
mod options;
mod shell;
mod status;

use std::{
    env,
    ffi::{OsStr, OsString},
    io::{self, Write as _},
    os::unix::process::CommandExt as _,
    path::Path,
    process::Command,
};

use keystay_proto::control::{Problem, ProblemCode};

pub(crate) use self::{
    detach::{Detached, leave_terminal, socket_beside},
    end::end,
    inherited::close_inherited,
    options::{Options, Role},
    shell::Shell,
    status::{FAILED, of_command_line},
};
use crate::program::say;

/// Starts an agent in the background and tells the shell about it, or becomes the command that it is
/// for.
///
/// # Errors
///
/// When the agent does not start, or the command cannot be run.
pub(crate) fn launch(
    options: &Options,
    keys: &[String],
    socket: Option<&Path>,
) -> Result<(), Problem> {
    let agent = Detached::start(options, keys, socket)?;
    let id = agent.child.id().to_string();
    let Some((program, arguments)) = options.command.split_first() else {
        let shell = options.shell(env::var_os("SHELL").as_deref());
        let mut text = shell.set(AUTH_SOCK, agent.socket.as_os_str());
        text.extend(shell.set(AGENT_PID, OsStr::new(&id)));
        text.extend(format!("echo Agent pid {id};\n").bytes());
        print(&text);
        return Ok(());
    };
    let failed = Command::new(program)
        .args(arguments)
        .env(AUTH_SOCK, &agent.socket)
        .env(AGENT_PID, id)
        .exec();
    agent.end();
    let program = Path::new(program).display();
    Err(Problem::new(
        ProblemCode::Unavailable,
        format!("{program} cannot be run: {failed}"),
    ))
}

/// Tells the shell about an agent that stays in the foreground.
pub(crate) fn tell(options: &Options, socket: &OsStr) {
    let shell = options.shell(env::var_os("SHELL").as_deref());
    let mut text = shell.set(AUTH_SOCK, socket);
    text.extend(format!("echo Agent pid {};\n", std::process::id()).bytes());
    print(&text);
}

/// Says what an option of ssh-agent's is not needed for.
pub(crate) fn note(options: &Options) {
    if options.providers.is_some() {
        say("keystay: -P changes nothing: no library of a token is ever loaded into this agent");
    }
}

fn print(text: &[u8]) {
    // A shell that is gone has no use for it.
    let mut stdout = io::stdout().lock();
    let _ = stdout.write_all(text).and_then(|()| stdout.flush());
}

/// This program once more, in ssh-agent's place.
///
/// # Errors
///
/// When the system does not say which file it is.
pub(crate) fn this_program() -> io::Result<Command> {
    let mut command = Command::new(env::current_exe()?);
    command.arg0(NAME);
    Ok(command)
}

/// What a process was called by names an ssh-agent.
#[must_use]
pub(crate) fn is_name(name: &OsString) -> bool {
    Path::new(name).file_name() == Some(OsStr::new(NAME))
}

/// The program whose place it takes.
const NAME: &str = "ssh-agent";
const AUTH_SOCK: &str = "SSH_AUTH_SOCK";
const AGENT_PID: &str = "SSH_AGENT_PID";
