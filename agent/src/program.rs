//! The agent as a program: its command line, what it becomes, its exit status.

use std::{
    ffi::OsString,
    io::{self, IsTerminal as _, Write as _},
    path::PathBuf,
    process::ExitCode,
};

use clap::Parser;
use keystay_proto::{
    control::{Problem, ProblemCode, Started},
    printable,
};

use crate::{
    asker,
    config::Config,
    daemon::{self, running},
    lifeline::announce,
    protection,
    ssh_agent::{self, Options, Role},
};

/// Hold keys for builds, until it is ended
///
/// Builds that name no key use the agent that runs, each with a grant of its own. It stays in the
/// foreground, unless it is asked for in ssh-agent's way: then it does what ssh-agent does, and begins
/// with the keys of `--key` alone.
#[derive(Debug, Parser)]
#[command(name = "keystay agent", version, after_help = AFTER_HELP, max_term_width = 100)]
struct Arguments {
    /// Serve the process that started this one, and end with it.
    #[arg(long, hide = true)]
    private: bool,
    /// Ask a person what comes on standard input, for the agent that started this one.
    #[arg(long, hide = true, value_name = "PROGRAM")]
    asker: Option<PathBuf>,
    /// Say how an agent is protected on this machine, and hold nothing.
    #[arg(long, help = CHECK_HELP)]
    check: bool,
    /// A key to hold
    #[arg(long = "key", value_name = "SOURCE", help = KEY_HELP)]
    keys: Vec<String>,
    /// The socket to serve as an ssh-agent.
    #[arg(short = 'a', value_name = "SOCKET", help = SOCKET_HELP)]
    socket: Option<PathBuf>,
    #[command(flatten)]
    options: Options,
}

const KEY_HELP: &str = "\
A key to hold: agent[:FINGERPRINT], file:PATH, env:NAME or stdin; repeatable [default: your ssh-agent, \
else ~/.ssh/id_*]";
const SOCKET_HELP: &str =
    "Serve as an ssh-agent at this path, which must not exist yet, for SSH_AUTH_SOCK";
const CHECK_HELP: &str = "Say which protections an agent has on this machine, a line each, and end; 69 if one is missing";
const AFTER_HELP: &str = "\
Its control socket is $XDG_RUNTIME_DIR/keystay/control, or ~/.keystay/control; `keystay keys`, `grants`,
`revoke` and `log` talk to it. A socket that systemd passes (LISTEN_FDS) is used in its place, and
NOTIFY_SOCKET is told when it is ready.

Signals:
  SIGTERM, SIGINT  end: no new request is taken, those that came before are answered
  SIGUSR1          drop every key, revoke every grant
  SIGHUP           the same as SIGTERM; under a service manager, read known_hosts and ~/.ssh/config again

Exit status:
  0 ended by a signal; 64 wrong command line; 66 a key cannot be read; 69 no socket, no audit log,
  or an agent runs already; 78 wrong configuration
  as ssh-agent: the command's, or as ssh-agent's 1, and 255 for a wrong value of -E or -O";

/// Runs the agent with these arguments, the program's name first: by the name `ssh-agent` it does what
/// that does. The parent of a private one reads one line, [`Started`], from its standard output.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut arguments = arguments.into_iter().peekable();
    let is_ssh_agent = arguments.peek().is_some_and(ssh_agent::is_name);
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            let wrong = ssh_agent::of_command_line(&error, is_ssh_agent).unwrap_or(USAGE);
            // Help and version are what was asked for.
            return ExitCode::from(if error.use_stderr() { wrong } else { 0 });
        }
    };
    if arguments.check {
        return protection::tell();
    }
    if let Some(program) = &arguments.asker {
        return asker::run(program);
    }
    let role = arguments.options.role(is_ssh_agent);
    if arguments.private {
        return announced(arguments.config().and_then(|config| daemon::run(&config)));
    }
    if role == Role::Detached {
        ssh_agent::close_inherited();
        return announced(detached(&arguments));
    }
    let ran = match role {
        Role::Builds => in_the_known_place(&arguments),
        Role::Foreground => in_the_foreground(&arguments),
        Role::Kill => ssh_agent::end(&arguments.options),
        Role::Launch | Role::Detached => launch(&arguments),
    };
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) if role == Role::Builds => failed(&problem, status(problem.code)),
        Err(problem) => failed(&problem, ssh_agent::FAILED),
    }
}

impl Arguments {
    fn config(&self) -> Result<Config, Problem> {
        Config::from_process(&self.keys, self.socket.clone())
    }

    fn config_as_ssh_agent(&self) -> Result<Config, Problem> {
        let takes_passed = self.options.role(true) == Role::Foreground;
        let config = self.config()?.lasting()?;
        Ok(config.for_ssh_agent(&self.options, takes_passed))
    }
}

fn in_the_known_place(arguments: &Arguments) -> Result<(), Problem> {
    let config = arguments.config()?.lasting()?;
    running::run(&config, |_| {
        say(&format!(
            "keystay: the agent serves at {}",
            config.control.display()
        ));
    })
}

fn in_the_foreground(arguments: &Arguments) -> Result<(), Problem> {
    let options = &arguments.options;
    if options.is_debug() {
        trace();
    }
    ssh_agent::note(options);
    running::run(&arguments.config_as_ssh_agent()?, |places| {
        if let Some(socket) = &places.socket {
            ssh_agent::tell(options, socket.as_os_str());
        }
    })
}

fn launch(arguments: &Arguments) -> Result<(), Problem> {
    ssh_agent::note(&arguments.options);
    // What is wrong with it is told before there is another process.
    arguments.config_as_ssh_agent()?;
    let socket = arguments.socket.as_deref();
    ssh_agent::launch(&arguments.options, &arguments.keys, socket)
}

fn detached(arguments: &Arguments) -> Result<(), Problem> {
    running::run(&arguments.config_as_ssh_agent()?, |places| {
        announce(&Started::Ready {
            control: places.control.clone(),
        });
        ssh_agent::leave_terminal();
    })
}

/// The status of a process whose parent reads a line of it.
fn announced(ran: Result<(), Problem>) -> ExitCode {
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            announce(&Started::Failed(problem));
            ExitCode::FAILURE
        }
    }
}

/// What the agent does, on standard error; `KEYSTAY_LOG` wins.
fn trace() {
    let subscriber = tracing_subscriber::fmt()
        .with_env_filter("error,keystay_agent=debug")
        .with_ansi(io::stderr().is_terminal())
        .with_writer(io::stderr);
    let _ = subscriber.try_init();
}

/// Tells a person why the agent does not run, in the form of all errors.
fn failed(problem: &Problem, status: u8) -> ExitCode {
    say(&format!("keystay: error: {problem}"));
    for hint in &problem.hints {
        say(&format!("hint: {hint}"));
    }
    ExitCode::from(status)
}

pub(crate) fn say(line: &str) {
    // Nobody may be there to read it.
    let _ = writeln!(io::stderr().lock(), "{}", printable(line));
}

/// The status of sysexits(3) that stands for an error.
const fn status(code: ProblemCode) -> u8 {
    match code {
        ProblemCode::Usage => USAGE,
        ProblemCode::KeySource => 66,
        ProblemCode::Unavailable => 69,
        ProblemCode::Internal => 70,
        ProblemCode::Refused => 77,
        ProblemCode::Configuration => 78,
    }
}

/// `EX_USAGE` of sysexits(3).
const USAGE: u8 = 64;
