//! The running agent: one for a user, for days. What it is made of; how it goes on is in [`life`].

mod life;

use std::{
    io,
    os::unix::net::UnixListener,
    path::{Path, PathBuf},
    sync::Arc,
};

use keystay_proto::control::{Problem, ProblemCode};
use sd_notify::NotifyState;
use tempfile::TempDir;
use tracing::{info, warn};

use self::life::{Parent, Signals, Sockets, notify};
use super::{load, open_audit, runtime, unavailable};
use crate::{
    asker::{Asker, Asking},
    audit::Audit,
    config::{Config, MainSocket},
    control::{Control, Searches},
    engine::Engines,
    folder,
    grant::{Shared, Table},
    harden::{self, Gate, Reach},
    key::Key,
    keyring::Keyring,
    listener::Listener,
    place::{self, Place, PlaceError},
    ssh_agent::{socket_beside, this_program},
    tunnel::Memory,
    workers::Workers,
};

/// Where the agent serves.
#[derive(Debug)]
pub(crate) struct Places {
    /// The control socket that is its own.
    pub(crate) control: PathBuf,
    /// The ssh-agent socket, if it made one.
    pub(crate) socket: Option<PathBuf>,
}

/// Runs the user's agent until it is told to end, and calls `ready` once clients can connect.
///
/// # Errors
///
/// Fails only before it is ready, with what to tell the person.
pub(crate) fn run(config: &Config, ready: impl FnOnce(&Places)) -> Result<(), Problem> {
    harden::before_keys()
        .map_err(|error| unavailable("the process cannot be protected", &error))?;
    let runtime = runtime().map_err(|error| unavailable("the runtime does not start", &error))?;
    let inside = runtime.enter();
    let (place, passed) = claim(config)?;
    let keys = load(config, &runtime)?;
    let audit = open_audit(config)?;
    harden::after_keys();
    let folder = folder::make().map_err(|error| unavailable("no folder for sockets", &error))?;
    let control = folder.path().join(folder::CONTROL);
    // It shows other agents that the folder is in use, too.
    let own = Listener::bind(&control)
        .map_err(|error| unavailable("the control socket cannot be made", &error))?;
    let signals = Signals::install().map_err(|error| unavailable("no signals", &error))?;
    let parent = config.parent.map(Parent::watch).transpose();
    let parent = parent.map_err(|error| unavailable("no signals", &error))?;
    let (socket, main) = main_socket(config, passed, &control)?;
    let sockets = Sockets { own, place, main };
    let places = Places { control, socket };
    ready(&places);
    // It is in the terminal, or out of it, as the agent is now.
    let (asker, asking) = asker(config);
    drop(inside);
    let control = Arc::new(control_of(config, &keys, audit, &folder, asker));
    harden::confine(&reach(config, &control, &folder, &places));
    notify(&[NotifyState::Ready]);
    let life = life::live(&control, sockets, signals, parent, asking);
    runtime.block_on(life);
    Ok(())
}

/// What asks a person whether a key may be used. It needs no key, and does not see those in variables.
fn asker(config: &Config) -> (Asker, Option<Asking>) {
    let started = this_program().and_then(|program| Asker::start(program, &config.environment));
    match started {
        Ok((asker, asking)) => (asker, Some(asking)),
        Err(error) => {
            warn!(%error, "nobody can be asked: what a person must confirm is refused");
            (Asker::nobody(), None)
        }
    }
}

/// The files that it needs once it serves.
fn reach(config: &Config, control: &Control, folder: &TempDir, places: &Places) -> Reach {
    let ssh_config = control.grants.shared().ssh_config;
    let identities = ssh_config.identity_folders();
    let files = config.hosts.known_hosts.iter().chain(ssh_config.paths());
    let sockets = [Some(&config.control), places.socket.as_ref()];
    Reach::of_build(folder.path(), ssh_config.home(), identities)
        .lasting(files, sockets.into_iter().flatten())
}

/// The known place, if it is not another's; and the socket that was passed for ssh-agent's clients.
fn claim(config: &Config) -> Result<(Option<Place>, Option<UnixListener>), Problem> {
    let passed = place::passed().map_err(|error| no_place(&error))?;
    if !config.yields {
        let place = Place::claim(&config.control, passed).map_err(|error| no_place(&error))?;
        return Ok((Some(place), None));
    }
    let place = Place::claim(&config.control, None);
    if let Err(error) = &place {
        info!(%error, "going on without the known place");
    }
    Ok((place.ok(), passed))
}

/// The ssh-agent socket, and its path if it was made here.
fn main_socket(
    config: &Config,
    passed: Option<UnixListener>,
    control: &Path,
) -> Result<(Option<PathBuf>, Option<Listener>), Problem> {
    let failed = |error| no_socket(&error);
    let path = match (&config.socket, passed) {
        (MainSocket::Nowhere, _) => return Ok((None, None)),
        (MainSocket::Usual { passed: true }, Some(socket)) => {
            return Ok((None, Some(Listener::passed(socket).map_err(failed)?)));
        }
        (MainSocket::Usual { .. }, _) => socket_beside(control),
        (MainSocket::At(path), _) => path.clone(),
    };
    let listener = Listener::bind_private(&path).map_err(failed)?;
    Ok((Some(path), Some(listener)))
}

fn control_of(
    config: &Config,
    keys: &[Arc<Key>],
    audit: Audit,
    folder: &TempDir,
    asker: Asker,
) -> Control {
    let (known_hosts, ssh_config) = config.hosts.read();
    let audit = Arc::new(audit);
    let shared = Shared {
        audit: Arc::clone(&audit),
        known_hosts,
        ssh_config,
        gate: Gate::open(),
        workers: Arc::new(Workers::new()),
        memory: Arc::new(Memory::of_agent()),
    };
    let keyring = Keyring::new(keys, audit, asker);
    Control {
        keys: Arc::new(keyring.with(config.defaults)),
        grants: Table::new(folder.path().to_owned(), shared).held(),
        engines: Engines::default(),
        hosts: config.hosts.clone(),
        searches: Searches::default(),
        gate: Gate::open(),
    }
}

fn no_socket(error: &io::Error) -> Problem {
    let problem = unavailable("the ssh-agent socket cannot be made", error);
    match error.kind() {
        io::ErrorKind::AddrInUse => {
            problem.hint("remove what is there, or name another path with -a")
        }
        // A socket's path has room for a hundred bytes (unix(7)).
        io::ErrorKind::InvalidInput => problem.hint("name a shorter path with -a"),
        _ => problem,
    }
}

fn no_place(error: &PlaceError) -> Problem {
    match error {
        PlaceError::Taken(_) => Problem::new(ProblemCode::Unavailable, error.to_string())
            .hint("`keystay keys` shows what it holds; end it with SIGTERM to start another"),
        PlaceError::Open(folder) => Problem::new(ProblemCode::Configuration, error.to_string())
            .hint(format!("make it private: chmod 700 {}", folder.display())),
        PlaceError::System { .. } => unavailable("the control socket cannot be made", error)
            .hint("set XDG_RUNTIME_DIR to a folder of yours that is writable and has a short path"),
        PlaceError::Passed(_) => unavailable("the control socket cannot be made", error),
    }
}
