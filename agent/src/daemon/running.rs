//! The running agent: one for a user, for days.

use std::{
    env,
    future::pending,
    io,
    os::unix::net::UnixListener,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use keystay_proto::control::{Problem, ProblemCode};
use rustix::process::getppid;
use sd_notify::NotifyState;
use tempfile::TempDir;
use tokio::{
    select,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use tracing::{info, warn};

use super::{load, open_audit, runtime, unavailable};
use crate::{
    asker::{Asker, Asking},
    audit::Audit,
    config::{Config, MainSocket},
    control::{self, Control, Searches},
    engine::Engines,
    folder,
    grant::{Shared, Table},
    harden::{self, Gate, Reach},
    key::Key,
    keyring::{self, Keyring},
    listener::Listener,
    place::{self, Place, PlaceError},
    ssh_agent::socket_beside,
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
    let served = serve(&control, sockets, signals, config.parent);
    runtime.block_on(beside(served, asking));
    Ok(())
}

/// Serves, and has a person asked meanwhile.
async fn beside(served: impl Future<Output = ()>, asking: Option<Asking>) {
    let asking = async {
        match asking {
            Some(asking) => asking.carry().await,
            None => pending().await,
        }
    };
    select! {
        () = served => {}
        () = asking => {}
    }
}

/// What asks a person whether a key may be used. It needs no key, and does not see those in variables.
fn asker(config: &Config) -> (Asker, Option<Asking>) {
    match Asker::start(&config.environment) {
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

/// What the agent listens on.
struct Sockets {
    own: Listener,
    place: Option<Place>,
    main: Option<Listener>,
}

/// Serves until a signal ends it; what is being answered then still is.
async fn serve(
    control: &Arc<Control>,
    sockets: Sockets,
    mut signals: Signals,
    parent: Option<i32>,
) {
    let (stop, stopped) = watch::channel(false);
    let own = control::serve(Arc::clone(control), sockets.own, stopped.clone());
    let known = async {
        let Place { listener, claim } = sockets.place?;
        control::serve(Arc::clone(control), listener, stopped.clone()).await;
        Some(claim)
    };
    let main = async {
        if let Some(listener) = sockets.main {
            keyring::serve(Arc::clone(&control.keys), listener, stopped.clone()).await;
        }
    };
    let ended = async {
        select! {
            () = signals.until_end(control) => {}
            () = sweep(control) => {}
            () = until_gone(parent) => {}
        }
        notify(&[NotifyState::Stopping]);
        control.grants.drain().await;
        stop.send_replace(true);
    };
    let (claim, ..) = tokio::join!(known, own, main, ended);
    // Another agent may have the place when nothing of this one is left there.
    drop(claim);
}

/// Returns when the process that the agent ends with is its parent no more.
async fn until_gone(parent: Option<i32>) {
    let Some(parent) = parent else {
        return pending().await;
    };
    let mut ticks = interval(PARENT_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    while getppid().is_some_and(|now| now.as_raw_nonzero().get() == parent) {
        ticks.tick().await;
    }
}

/// Ends grants that nobody holds or that expired long ago; it does not return.
async fn sweep(control: &Control) {
    let mut ticks = interval(SWEEP_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        control.grants.sweep(Instant::now());
    }
}

/// The signals that reach the running agent.
struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    drop_keys: Signal,
    /// Whether SIGHUP asks for a reload: a service manager's, where there is no terminal to hang up.
    reloads: bool,
}

impl Signals {
    fn install() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            interrupt: signal(SignalKind::interrupt())?,
            hangup: signal(SignalKind::hangup())?,
            drop_keys: signal(SignalKind::user_defined1())?,
            reloads: env::var_os("NOTIFY_SOCKET").is_some(),
        })
    }

    /// Returns when the agent shall end; reloads meanwhile.
    async fn until_end(&mut self, control: &Control) {
        loop {
            select! {
                _ = self.terminate.recv() => return,
                _ = self.interrupt.recv() => return,
                _ = self.hangup.recv() => {}
                _ = self.drop_keys.recv() => {
                    control.keys.remove_all();
                    continue;
                }
            }
            if !self.reloads {
                return;
            }
            reload(control);
        }
    }
}

fn reload(control: &Control) {
    match NotifyState::monotonic_usec_now() {
        Ok(now) => notify(&[NotifyState::Reloading, now]),
        Err(_) => notify(&[NotifyState::Reloading]),
    }
    for note in control.reload().notes {
        warn!(note, "left out");
    }
    info!("host keys and settings are read again");
    notify(&[NotifyState::Ready]);
}

/// Tells the service manager, if one started the agent.
fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        warn!(%error, "the service manager is not told");
    }
}

fn no_socket(error: &io::Error) -> Problem {
    let problem = unavailable("the ssh-agent socket cannot be made", error);
    if error.kind() == io::ErrorKind::AddrInUse {
        return problem.hint("remove what is there, or name another path with -a");
    }
    problem
}

fn no_place(error: &PlaceError) -> Problem {
    match error {
        PlaceError::Taken(_) => Problem::new(ProblemCode::Unavailable, error.to_string())
            .hint("`keystay keys` shows what it holds; end it with SIGTERM to start another"),
        PlaceError::Open(folder) => Problem::new(ProblemCode::Configuration, error.to_string())
            .hint(format!("make it private: chmod 700 {}", folder.display())),
        PlaceError::System { .. } | PlaceError::Passed(_) => {
            unavailable("the control socket cannot be made", error)
        }
    }
}

/// How soon after its command an agent ends.
const PARENT_INTERVAL: Duration = Duration::from_secs(1);
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);
