//! The agent's command line and settings.

use std::{
    env,
    ffi::OsString,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;
use keystay_proto::{
    control::{Problem, ProblemCode, Started, audit_log, control_socket},
    printable,
};

use crate::{
    control::HostFiles,
    daemon::{self, running},
    key::source::{Environment, Source},
    protection,
};

/// The agent's settings.
#[derive(Debug)]
pub struct Config {
    /// Where keys come from; empty means the usual places.
    pub(crate) sources: Vec<Source>,
    /// The environment that sources are read in.
    pub(crate) environment: Environment,
    /// Where decisions are recorded.
    pub(crate) audit_log: PathBuf,
    /// Where the settings of hosts are.
    pub(crate) hosts: HostFiles,
    /// Where clients find the running agent.
    pub(crate) control: PathBuf,
    /// The socket of its own that it serves as an ssh-agent.
    pub(crate) socket: Option<PathBuf>,
}

/// Hold keys for builds, until it is ended
///
/// Builds that name no key use the agent that runs, each with a grant of its own. It stays in the
/// foreground.
#[derive(Debug, Parser)]
#[command(name = "keystay agent", version, after_help = AFTER_HELP, max_term_width = 100)]
struct Arguments {
    /// Serve the process that started this one, and end with it.
    #[arg(long, hide = true)]
    private: bool,
    /// Say how an agent is protected on this machine, and hold nothing.
    #[arg(long, help = CHECK_HELP)]
    check: bool,
    /// A key to hold
    #[arg(long = "key", value_name = "SOURCE", help = KEY_HELP)]
    keys: Vec<String>,
    /// The socket to serve as an ssh-agent.
    #[arg(short = 'a', value_name = "SOCKET", help = SOCKET_HELP)]
    socket: Option<PathBuf>,
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
  SIGUSR1          drop every key
  SIGHUP           the same as SIGTERM; under a service manager, read known_hosts and ~/.ssh/config again

Exit status:
  0 ended by a signal; 64 wrong command line; 66 a key cannot be read; 69 no socket, no audit log,
  or an agent runs already; 78 wrong configuration";

/// Runs the agent with these arguments, the program's name first. Its parent reads one line,
/// [`Started`], from its standard output.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(USAGE);
        }
    };
    if arguments.check {
        return protection::tell();
    }
    let config = Config::from_process(&arguments.keys, arguments.socket);
    if arguments.private {
        return match config.and_then(|config| daemon::run(&config)) {
            Ok(()) => ExitCode::SUCCESS,
            Err(problem) => {
                announce(&Started::Failed(problem));
                ExitCode::FAILURE
            }
        };
    }
    let ran = config.and_then(Config::lasting);
    let ran = ran.and_then(|config| running::run(&config, || say(&ready(&config))));
    match ran {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => failed(&problem),
    }
}

fn ready(config: &Config) -> String {
    format!("keystay: the agent serves at {}", config.control.display())
}

/// Tells a person why the agent does not run, in the form of all errors.
fn failed(problem: &Problem) -> ExitCode {
    say(&format!("keystay: error: {problem}"));
    for hint in &problem.hints {
        say(&format!("hint: {hint}"));
    }
    ExitCode::from(status(problem.code))
}

fn say(line: &str) {
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

/// Tells the parent how the start went. A parent that is gone is noticed by the lifeline.
pub(crate) fn announce(started: &Started) {
    if let Ok(mut line) = serde_json::to_vec(started) {
        line.push(b'\n');
        let mut stdout = io::stdout().lock();
        let _ = stdout.write_all(&line).and_then(|()| stdout.flush());
    }
}

impl Config {
    /// The settings, if they are good for an agent that outlives builds.
    fn lasting(self) -> Result<Self, Problem> {
        let is_certificate = |source: &&Source| matches!(source, Source::Certificate(_));
        if self.sources.iter().any(|source| is_certificate(&source)) {
            let message = "a certificate is for one build, and this agent is for many";
            return Err(Problem::new(ProblemCode::Usage, message)
                .hint("name it with the build: `keystay --key certificate:COMMAND build .`"));
        }
        Ok(self)
    }

    /// The settings that command line and environment give.
    fn from_process(keys: &[String], socket: Option<PathBuf>) -> Result<Self, Problem> {
        let sources = (keys.iter())
            .map(|key| {
                key.parse::<Source>()
                    .map_err(|error| Problem::new(ProblemCode::Usage, error.to_string()))
            })
            .collect::<Result<_, _>>()?;
        let home = env::home_dir()
            .filter(|home| home.is_absolute())
            .ok_or_else(|| {
                Problem::new(
                    ProblemCode::Configuration,
                    "the home directory is not known",
                )
                .hint("set HOME")
            })?;
        let folder = |name| env::var_os(name).map(PathBuf::from);
        Ok(Self {
            sources,
            socket,
            audit_log: audit_log(folder("XDG_STATE_HOME"), &home),
            control: control_socket(folder("XDG_RUNTIME_DIR"), &home),
            hosts: HostFiles {
                known_hosts: known_hosts_files(&home),
                home,
            },
            environment: Environment::of_process(),
        })
    }
}

/// The files that ssh reads by default (`ssh_config(5)`, `UserKnownHostsFile` and
/// `GlobalKnownHostsFile`).
fn known_hosts_files(home: &Path) -> Vec<PathBuf> {
    let user = ["known_hosts", "known_hosts2"].map(|name| home.join(".ssh").join(name));
    let system = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"].map(PathBuf::from);
    user.into_iter().chain(system).collect()
}

/// `EX_USAGE` of sysexits(3).
const USAGE: u8 = 64;
