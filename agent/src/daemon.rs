//! The private agent's life: load, bind, say that it is ready, serve, drain. The running agent's is in
//! [`running`].

pub(crate) mod running;

use std::{io, sync::Arc, time::Duration};

use keystay_proto::control::{Problem, ProblemCode, Started};
use tempfile::TempDir;
use tokio::{
    runtime::{self, Runtime},
    select,
    signal::unix::{Signal, SignalKind, signal},
    sync::{oneshot, watch},
    time::{MissedTickBehavior, interval, sleep, timeout},
};
use tracing::info;

use crate::{
    asker::Asker,
    audit::Audit,
    clock::Moment,
    config::Config,
    control::{self, Control, Searches},
    engine::Engines,
    folder,
    grant::{Shared, Table},
    harden::{self, Gate, Reach},
    key::{Key, source},
    keyring::Keyring,
    lifeline::{self, announce},
    listener::Listener,
    prompt::UserPrompt,
    tunnel::Memory,
    workers::Workers,
};

/// Runs a private agent until its parent is gone or it is told to end.
///
/// # Errors
///
/// Fails only before it is ready, with what to tell the person.
pub(crate) fn run(config: &Config) -> Result<(), Problem> {
    harden::before_keys()
        .map_err(|error| unavailable("the process cannot be protected", &error))?;
    // A parent may end while a passphrase is asked for.
    let engines = Engines::default();
    let parent = lifeline::watch(io::stdout(), engines.clone())
        .map_err(|error| unavailable("the parent cannot be watched", &error))?;
    let runtime = runtime().map_err(|error| unavailable("the runtime does not start", &error))?;
    lifeline::wait_for_parent(&io::stdout())
        .map_err(|error| unavailable("the parent asks for no keys", &error))?;
    let keys = load(config, &runtime)?;
    let audit = open_audit(config)?;
    let folder = folder::make().map_err(|error| unavailable("no folder for sockets", &error))?;
    let control = || {
        let (known_hosts, ssh_config) = config.hosts.read();
        let (audit, gate) = (Arc::new(audit), Gate::shut());
        let shared = Shared {
            audit: Arc::clone(&audit),
            known_hosts,
            ssh_config,
            gate: gate.clone(),
            workers: Arc::new(Workers::new()),
            memory: Arc::new(Memory::of_agent()),
        };
        let grants = Table::new(folder.path().to_owned(), shared);
        Control {
            keys: Arc::new(Keyring::new(&keys, audit, Asker::nobody())),
            grants,
            engines,
            hosts: config.hosts.clone(),
            searches: Searches::default(),
            gate,
        }
    };
    let served = runtime.block_on(serve(control, &folder, parent));
    served.map_err(|error| unavailable("the control socket cannot be made", &error))
}

fn open_audit(config: &Config) -> Result<Audit, Problem> {
    Audit::open(&config.audit_log).map_err(|error| {
        Problem::new(ProblemCode::Unavailable, error.to_string()).hint(
            "nothing is signed without a record: make the path writable, or set XDG_STATE_HOME",
        )
    })
}

/// Every key of every source, once.
fn load(config: &Config, runtime: &Runtime) -> Result<Vec<Arc<Key>>, Problem> {
    let mut prompt = UserPrompt::new(&config.environment);
    let sources = match &config.sources {
        None => source::defaults(&config.environment)?,
        Some(sources) => sources.clone(),
    };
    let mut keys: Vec<Arc<Key>> = Vec::new();
    for source in &sources {
        let loaded = source::load(source, &config.environment, &mut prompt);
        for key in runtime.block_on(loaded)? {
            if keys.iter().all(|held| held.blob != key.blob) {
                info!(key = %key.info.fingerprint, source = %key.info.source, "holding a key");
                keys.push(Arc::new(key));
            }
        }
    }
    Ok(keys)
}

/// One thread serves everything but connections beside the first, which have [`Workers`]; RSA signatures,
/// which take milliseconds, go to others too.
fn runtime() -> io::Result<Runtime> {
    runtime::Builder::new_current_thread()
        .enable_io()
        .enable_time()
        .build()
}

/// Says that it is ready as soon as clients can connect, and prepares the rest while the first one
/// does: what cannot fail, and is done before anything is answered.
async fn serve(
    control: impl FnOnce() -> Control,
    folder: &TempDir,
    parent: oneshot::Receiver<()>,
) -> io::Result<()> {
    let socket = folder.path().join(folder::CONTROL);
    let listener = Listener::bind(&socket)?;
    let mut signals = Signals::install()?;
    announce(&Started::Ready { control: socket });
    let control = Arc::new(control());
    let (stop, stopped) = watch::channel(false);
    let server = control::serve(Arc::clone(&control), listener, stopped);
    let ended = async {
        select! {
            () = signals.end() => {}
            _ = parent => {}
            () = sweep(&control) => {}
        }
        stop.send_replace(true);
        control.grants.drain().await;
    };
    tokio::join!(server, ended, confine(&control, folder));
    Ok(())
}

/// Gives up what is given up once the first request comes that waits for it, or soon. That is when the engine
/// has been started: before, its start would wait for this.
async fn confine(control: &Control, folder: &TempDir) {
    let _ = timeout(UNASKED, control.gate.wanted()).await;
    harden::after_keys();
    let ssh_config = control.grants.shared().ssh_config;
    let identities = ssh_config.identity_folders();
    let reach = Reach::of_build(folder.path(), ssh_config.home(), identities);
    harden::confine(&reach);
    control.gate.unlock();
}

/// Removes what killed agents left, and ends grants that expired long ago; it does not return.
async fn sweep(control: &Control) {
    sleep(FIRST_SWEEP).await;
    folder::sweep();
    let mut ticks = interval(SWEEP_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        control.grants.sweep(Moment::now());
    }
}

/// The signals that reach the agent.
struct Signals {
    terminate: Signal,
    hangup: Signal,
    /// The terminal's, meant for the build beside it: they are received and dropped.
    _terminal: [Signal; 2],
}

impl Signals {
    fn install() -> io::Result<Self> {
        Ok(Self {
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            _terminal: [
                signal(SignalKind::interrupt())?,
                signal(SignalKind::quit())?,
            ],
        })
    }

    /// Returns when the agent shall end.
    async fn end(&mut self) {
        select! {
            _ = self.terminate.recv() => {}
            _ = self.hangup.recv() => {}
        }
    }
}

fn unavailable(what: &str, error: &dyn std::error::Error) -> Problem {
    Problem::new(ProblemCode::Unavailable, format!("{what}: {error}"))
}

/// How long an agent may stay unconfined of which nothing is asked.
const UNASKED: Duration = Duration::from_millis(10);
/// When the first grant is open, and its build begins.
const FIRST_SWEEP: Duration = Duration::from_millis(10);
const SWEEP_INTERVAL: Duration = Duration::from_mins(1);
