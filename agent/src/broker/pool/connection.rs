//! One connection, and room on it.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Duration,
};

use russh::{Channel, client::Msg};
use tokio::time::{Instant, timeout};

use super::{Link, Pool};

/// A connection that is logged in. Its counts change under the pool's lock or by one lease each.
pub(super) struct Connection {
    link: Link,
    load: AtomicUsize,
    bulk: AtomicUsize,
    limit: AtomicUsize,
    /// Whether it is to get no more fetches.
    spent: AtomicBool,
    idle_since: Mutex<Instant>,
    /// A channel that was opened before it is needed.
    ahead: Mutex<Ahead>,
}

/// The channel of the next fetch: opened while the one before it runs, it costs the next no round
/// trip.
enum Ahead {
    None,
    /// It is being opened.
    Asked,
    Open(Channel<Msg>),
    /// The host gives none beside the one in use.
    Refused,
}

/// Room for one fetch on a connection, until it is dropped.
pub(in super::super) struct Lease {
    connection: Arc<Connection>,
    pool: Arc<Pool>,
    bulk: bool,
}

/// Why a connection gave no channel.
#[derive(Debug)]
pub(in super::super) enum NoChannel {
    /// The host refuses another one on it.
    Full,
    /// It is gone, or gives none at all.
    Gone,
}

impl Connection {
    pub(super) fn new(link: Link) -> Self {
        Self {
            link,
            load: AtomicUsize::new(0),
            bulk: AtomicUsize::new(0),
            limit: AtomicUsize::new(MAX_CHANNELS),
            spent: AtomicBool::new(false),
            idle_since: Mutex::new(Instant::now()),
            ahead: Mutex::new(Ahead::None),
        }
    }

    pub(super) fn is_usable(&self) -> bool {
        let idle = self.load() == 0 && self.idle_since().elapsed() > MAX_IDLE;
        !self.link.handle.is_closed() && !self.spent.load(Relaxed) && !idle
    }

    pub(super) fn load(&self) -> usize {
        self.load.load(Relaxed)
    }

    pub(super) fn has_room(&self) -> bool {
        self.is_usable() && self.load() < self.limit.load(Relaxed)
    }

    pub(super) fn has_bulk(&self) -> bool {
        self.bulk.load(Relaxed) > 0
    }

    pub(super) fn enter(&self) {
        self.load.fetch_add(1, Relaxed);
    }

    fn leave(&self) {
        self.load.fetch_sub(1, Relaxed);
        *self
            .idle_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    /// Opens the channel of the next fetch.
    pub(super) async fn open_ahead(&self) {
        let opened = timeout(OPEN, self.link.handle.channel_open_session()).await;
        *self.ahead() = match opened {
            Ok(Ok(channel)) => Ahead::Open(channel),
            Ok(Err(_)) | Err(_) => Ahead::Refused,
        };
    }

    /// Takes the channel that was opened ahead.
    fn take_ahead(&self) -> Option<Channel<Msg>> {
        let mut ahead = self.ahead();
        match std::mem::replace(&mut *ahead, Ahead::None) {
            Ahead::Open(channel) => Some(channel),
            other => {
                *ahead = other;
                None
            }
        }
    }

    fn ahead(&self) -> MutexGuard<'_, Ahead> {
        self.ahead.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn idle_since(&self) -> Instant {
        *self
            .idle_since
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lease {
    /// Room that was taken.
    pub(super) fn new(connection: Arc<Connection>, pool: Arc<Pool>) -> Self {
        let bulk = false;
        Self {
            connection,
            pool,
            bulk,
        }
    }

    /// A session channel. A connection that gives none because it is full gets no more of them than
    /// it has; one that is gone, or gives none at all, gets no more fetches.
    pub(in super::super) async fn channel(&self) -> Result<Channel<Msg>, NoChannel> {
        if let Some(channel) = self.connection.take_ahead() {
            return Ok(channel);
        }
        let handle = &self.connection.link.handle;
        match timeout(OPEN, handle.channel_open_session()).await {
            Ok(Ok(channel)) => Ok(channel),
            Ok(Err(russh::Error::ChannelOpenFailure(_))) => {
                let others = self.connection.load().saturating_sub(1);
                self.connection.limit.fetch_min(others, Relaxed);
                if others > 0 {
                    return Err(NoChannel::Full);
                }
                self.spend();
                Err(NoChannel::Gone)
            }
            Ok(Err(_)) | Err(_) => {
                self.spend();
                Err(NoChannel::Gone)
            }
        }
    }

    /// Has the next fetch's channel opened, where fetches come one after another: those that run at
    /// once need the channels that a connection has.
    pub(in super::super) fn open_ahead(&self) {
        let mut ahead = self.connection.ahead();
        if matches!(*ahead, Ahead::None) && !self.is_shared() {
            *ahead = Ahead::Asked;
            drop(ahead);
            self.pool.open_ahead(Arc::clone(&self.connection));
        }
    }

    /// Lets no further fetch onto the connection.
    pub(in super::super) fn spend(&self) {
        self.connection.spent.store(true, Relaxed);
    }

    /// Says that the fetch is large, so that others keep away.
    pub(in super::super) fn is_bulk(&mut self) {
        if !self.bulk {
            self.bulk = true;
            self.connection.bulk.fetch_add(1, Relaxed);
        }
    }

    /// Whether other fetches are on the connection.
    pub(in super::super) fn is_shared(&self) -> bool {
        self.connection.load() > 1
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.bulk {
            self.connection.bulk.fetch_sub(1, Relaxed);
        }
        self.connection.leave();
        self.pool.ring();
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("load", &self.load())
            .finish_non_exhaustive()
    }
}

/// Fewer than OpenSSH's sshd opens on one connection (`MaxSessions`, 10).
const MAX_CHANNELS: usize = 8;
/// How long a connection may rest before it is closed: builds fetch in bursts.
pub(in super::super) const MAX_IDLE: Duration = Duration::from_mins(2);
const OPEN: Duration = Duration::from_secs(20);
