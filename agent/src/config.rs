//! The agent's command line and settings.

use std::{
    env,
    ffi::OsString,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Parser;
use keystay_proto::control::{Problem, ProblemCode, Started};

use crate::{
    daemon,
    key::source::{Environment, Source},
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
    /// Where verified host keys are listed.
    pub(crate) known_hosts: Vec<PathBuf>,
    /// The user's home, where the settings for hosts are.
    pub(crate) home: PathBuf,
}

/// The agent that holds a build's keys.
#[derive(Debug, Parser)]
#[command(name = "keystay-agent", version)]
struct Arguments {
    /// Serve the process that started this one, and end with it.
    #[arg(long, required = true)]
    private: bool,
    /// Where a key comes from; may be given several times.
    #[arg(long = "key", value_name = "SOURCE")]
    keys: Vec<String>,
}

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
    match Config::from_process(&arguments.keys).and_then(|config| daemon::run(&config)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            announce(&Started::Failed(problem));
            ExitCode::FAILURE
        }
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
    /// The settings that command line and environment give.
    fn from_process(keys: &[String]) -> Result<Self, Problem> {
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
        let state = env::var_os("XDG_STATE_HOME").map(PathBuf::from);
        let state =
            (state.filter(|path| path.is_absolute())).unwrap_or_else(|| home.join(".local/state"));
        Ok(Self {
            sources,
            audit_log: state.join("keystay/audit.jsonl"),
            known_hosts: known_hosts_files(&home),
            home,
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
