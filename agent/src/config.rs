//! The agent's settings.

use std::{
    env,
    path::{Path, PathBuf},
};

use keystay_proto::control::{Problem, ProblemCode, audit_log, control_socket};

use crate::{
    control::HostFiles,
    key::source::{Environment, Source},
    keyring::Defaults,
    ssh_agent::Options,
};

/// The agent's settings.
#[derive(Debug)]
pub(crate) struct Config {
    /// Where keys come from; nothing means the usual places.
    pub(crate) sources: Option<Vec<Source>>,
    /// The environment that sources are read in.
    pub(crate) environment: Environment,
    /// Where decisions are recorded.
    pub(crate) audit_log: PathBuf,
    /// Where the settings of hosts are.
    pub(crate) hosts: HostFiles,
    /// Where clients find the running agent.
    pub(crate) control: PathBuf,
    /// The socket of its own that it serves as an ssh-agent.
    pub(crate) socket: MainSocket,
    /// What keys have that are added to it without saying so.
    pub(crate) defaults: Defaults,
    /// Whether it goes on where another agent has the known place.
    pub(crate) yields: bool,
    /// The process that it ends with.
    pub(crate) parent: Option<i32>,
}

/// Where the agent serves as an ssh-agent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum MainSocket {
    /// Nowhere.
    Nowhere,
    /// At this path.
    At(PathBuf),
    /// In the private folder of its sockets, as `ssh_agent::socket_beside` names it; on a socket that a service
    /// manager passed where that is allowed and there is one.
    Usual {
        /// Whether it may be passed.
        passed: bool,
    },
}

impl Config {
    /// The settings, if they are good for an agent that outlives builds.
    pub(crate) fn lasting(self) -> Result<Self, Problem> {
        let is_certificate = |source: &&Source| matches!(source, Source::Certificate(_));
        if self
            .sources
            .iter()
            .flatten()
            .any(|source| is_certificate(&source))
        {
            let message = "a certificate is for one build, and this agent is for many";
            return Err(Problem::new(ProblemCode::Usage, message)
                .hint("name it with the build: `keystay --key certificate:COMMAND build .`"));
        }
        Ok(self)
    }

    /// The same settings for an agent in ssh-agent's place: it begins with the keys that are named
    /// and no others, and is in no other agent's way.
    pub(crate) fn for_ssh_agent(mut self, options: &Options, takes_passed: bool) -> Self {
        self.sources = Some(self.sources.unwrap_or_default());
        if self.socket == MainSocket::Nowhere {
            self.socket = MainSocket::Usual {
                passed: takes_passed,
            };
        }
        self.defaults = options.defaults();
        self.yields = true;
        self.parent = options.parent();
        self
    }

    /// The settings that command line and environment give.
    pub(crate) fn from_process(keys: &[String], socket: Option<PathBuf>) -> Result<Self, Problem> {
        let sources = (keys.iter())
            .map(|key| {
                key.parse::<Source>()
                    .map_err(|error| Problem::new(ProblemCode::Usage, error.to_string()))
            })
            .collect::<Result<Vec<_>, _>>()?;
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
            socket: socket.map_or(MainSocket::Nowhere, MainSocket::At),
            defaults: Defaults::default(),
            yields: false,
            parent: None,
            audit_log: audit_log(folder("XDG_STATE_HOME"), &home),
            control: control_socket(folder("XDG_RUNTIME_DIR"), &home),
            hosts: HostFiles {
                known_hosts: known_hosts_files(&home),
                home,
            },
            environment: Environment::of_process().hiding(variables(&sources)),
            sources: (!sources.is_empty()).then_some(sources),
        })
    }
}

/// The variables that hold keys.
fn variables(sources: &[Source]) -> Vec<String> {
    let name = |source: &Source| match source {
        Source::Env(name) => Some(name.clone()),
        _ => None,
    };
    sources.iter().filter_map(name).collect()
}

/// The files that ssh reads by default (`ssh_config(5)`, `UserKnownHostsFile` and
/// `GlobalKnownHostsFile`).
fn known_hosts_files(home: &Path) -> Vec<PathBuf> {
    let user = ["known_hosts", "known_hosts2"].map(|name| home.join(".ssh").join(name));
    let system = ["/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"].map(PathBuf::from);
    user.into_iter().chain(system).collect()
}
