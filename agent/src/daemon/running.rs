//! The running agent: one for a user, for days.

use std::{
    env, io,
    sync::Arc,
    time::{Duration, Instant},
};

use keystay_proto::control::{Problem, ProblemCode};
use sd_notify::NotifyState;
use tokio::{
    select,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use tracing::{info, warn};

use super::{load, open_audit, runtime, unavailable};
use crate::{
    config::Config,
    control::{self, Control, Searches},
    engine::Engines,
    folder,
    grant::{Shared, Table},
    harden,
    keyring::{self, Keyring},
    listener::Listener,
    place::{Place, PlaceError},
    prompt::askpass,
};

/// Runs the user's agent until it is told to end, and calls `ready` once it serves.
///
/// # Errors
///
/// Fails only before it is ready, with what to tell the person.
pub(crate) fn run(config: &Config, ready: impl FnOnce()) -> Result<(), Problem> {
    harden::before_keys()
        .map_err(|error| unavailable("the process cannot be protected", &error))?;
    let runtime = runtime().map_err(|error| unavailable("the runtime does not start", &error))?;
    let inside = runtime.enter();
    let place = Place::claim(&config.control).map_err(|error| no_place(&error))?;
    let keys = load(config, &runtime)?;
    let audit = open_audit(config)?;
    harden::after_keys();
    let folder = folder::make().map_err(|error| unavailable("no folder for sockets", &error))?;
    // It shows other agents that the folder is in use, too.
    let own = Listener::bind(&folder.path().join(folder::CONTROL))
        .map_err(|error| unavailable("the control socket cannot be made", &error))?;
    let signals = Signals::install().map_err(|error| unavailable("no signals", &error))?;
    let socket = (config
        .socket
        .as_deref()
        .map(Listener::bind_private)
        .transpose())
    .map_err(|error| unavailable("the ssh-agent socket cannot be made", &error))?;
    drop(inside);
    let (known_hosts, ssh_config) = config.hosts.read();
    let audit = Arc::new(audit);
    let shared = Shared {
        audit: Arc::clone(&audit),
        known_hosts,
        ssh_config,
    };
    let control = Arc::new(Control {
        keys: Arc::new(Keyring::new(&keys, audit, askpass(&config.environment))),
        grants: Table::new(folder.path().to_owned(), shared).held(),
        engines: Engines::default(),
        hosts: config.hosts.clone(),
        searches: Searches::default(),
    });
    // It runs the program that asks a person whether a key may be used.
    harden::confine(None);
    ready();
    notify(&[NotifyState::Ready]);
    runtime.block_on(serve(&control, own, place, socket, signals));
    Ok(())
}

/// Serves until a signal ends it; what is being answered then still is.
async fn serve(
    control: &Arc<Control>,
    own: Listener,
    place: Place,
    socket: Option<Listener>,
    mut signals: Signals,
) {
    let (stop, stopped) = watch::channel(false);
    let Place { listener, claim } = place;
    let known = control::serve(Arc::clone(control), listener, stopped.clone());
    let own = control::serve(Arc::clone(control), own, stopped.clone());
    let main = async {
        if let Some(listener) = socket {
            keyring::serve(Arc::clone(&control.keys), listener, stopped).await;
        }
    };
    let ended = async {
        select! {
            () = signals.until_end(control) => {}
            () = sweep(control) => {}
        }
        notify(&[NotifyState::Stopping]);
        control.grants.drain().await;
        stop.send_replace(true);
    };
    tokio::join!(known, own, main, ended);
    // Another agent may have the place when nothing of this one is left there.
    drop(claim);
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

const SWEEP_INTERVAL: Duration = Duration::from_secs(5);
