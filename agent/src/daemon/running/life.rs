//! The running agent's life: it serves until it is told to end.

use std::{env, future::pending, io, sync::Arc, time::Duration};

use rustix::process::getppid;
use sd_notify::NotifyState;
use tokio::{
    select,
    signal::unix::{Signal, SignalKind, signal},
    sync::watch,
    time::{MissedTickBehavior, interval},
};
use tracing::{info, warn};

use crate::{
    asker::Asking,
    clock::Moment,
    control::{self, Control},
    keyring,
    listener::Listener,
    place::Place,
};

/// What the agent listens on.
#[derive(Debug)]
pub(super) struct Sockets {
    /// The control socket that is its own.
    pub(super) own: Listener,
    /// The known place of a control socket, unless another agent has it.
    pub(super) place: Option<Place>,
    /// The ssh-agent socket.
    pub(super) main: Option<Listener>,
}

/// Serves until a signal ends it or its parent is gone, and has a person asked meanwhile.
pub(super) async fn live(
    control: &Arc<Control>,
    sockets: Sockets,
    signals: Signals,
    parent: Option<Parent>,
    asking: Option<Asking>,
) {
    let asking = async {
        match asking {
            Some(asking) => asking.carry().await,
            None => pending().await,
        }
    };
    select! {
        () = serve(control, sockets, signals, parent) => {}
        () = asking => {}
    }
}

/// What is being answered when it ends still is.
async fn serve(
    control: &Arc<Control>,
    sockets: Sockets,
    mut signals: Signals,
    parent: Option<Parent>,
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
            let workers = control.grants.shared().workers;
            keyring::serve(
                Arc::clone(&control.keys),
                workers,
                listener,
                stopped.clone(),
            )
            .await;
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

/// The process that an agent ends with.
#[derive(Debug)]
pub(super) struct Parent {
    id: i32,
    /// Comes when it ends, where the kernel tells that (prctl(2)); also when only a thread of it does.
    hint: Signal,
}

impl Parent {
    /// Has the kernel tell when it ends.
    pub(super) fn watch(id: i32) -> io::Result<Self> {
        let hint = signal(SignalKind::user_defined2())?;
        #[cfg(target_os = "linux")]
        if let Err(error) = tell_end_of_parent() {
            warn!(%error, "the agent ends a second after its command");
        }
        Ok(Self { id, hint })
    }

    /// Returns when it is the agent's parent no more.
    async fn gone(&mut self) {
        let mut ticks = interval(PARENT_INTERVAL);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while getppid().is_some_and(|now| now.as_raw_nonzero().get() == self.id) {
            select! {
                _ = ticks.tick() => {}
                _ = self.hint.recv() => {}
            }
        }
    }
}

#[cfg(target_os = "linux")]
fn tell_end_of_parent() -> rustix::io::Result<()> {
    use rustix::process::{Signal, set_parent_process_death_signal};
    set_parent_process_death_signal(Some(Signal::USR2))
}

async fn until_gone(parent: Option<Parent>) {
    match parent {
        Some(mut parent) => parent.gone().await,
        None => pending().await,
    }
}

/// Ends grants that nobody holds or that expired long ago; it does not return.
async fn sweep(control: &Control) {
    let mut ticks = interval(SWEEP_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        control.grants.sweep(Moment::now());
    }
}

/// The signals that reach the running agent.
#[derive(Debug)]
pub(super) struct Signals {
    terminate: Signal,
    interrupt: Signal,
    hangup: Signal,
    drop_keys: Signal,
    /// Whether SIGHUP asks for a reload: a service manager's, where there is no terminal to hang up.
    reloads: bool,
}

impl Signals {
    pub(super) fn install() -> io::Result<Self> {
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
                    control.grants.revoke_all();
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
pub(super) fn notify(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        warn!(%error, "the service manager is not told");
    }
}

/// How soon after its command an agent ends that is not told.
const PARENT_INTERVAL: Duration = Duration::from_secs(1);
const SWEEP_INTERVAL: Duration = Duration::from_secs(5);
