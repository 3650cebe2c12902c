//! The connections of a grant: each is paid for once and carries the fetches of one key.

mod connection;
mod lane;

use std::{
    collections::{HashMap, HashSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use tokio::{
    sync::{Notify, Semaphore},
    task::JoinSet,
    time::{Instant, sleep},
};

#[cfg(test)]
pub(super) use self::connection::MAX_IDLE;
pub(super) use self::connection::{Lease, NoChannel};
use self::{
    connection::Connection,
    lane::{Choice, Lane},
};
use super::{
    FetchError, Target,
    dial::{Dialer, Link},
};

/// Whom a connection is for: servers take the first key that they know, and then a repository is
/// not found with it, so each key has connections of its own.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Way {
    pub(super) target: Target,
    pub(super) user: String,
    /// The key's place among the grant's.
    pub(super) key: usize,
}

/// The connections.
#[derive(Debug)]
pub(super) struct Pool {
    dialer: Dialer,
    state: Mutex<State>,
    /// Rung when a connection may have room or a dial has ended.
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    lanes: HashMap<Way, Lane>,
    /// One for each host: how many handshakes may run at once.
    gates: HashMap<(String, u16), Arc<Semaphore>>,
    /// Connections on which no key was accepted yet, to offer the next one on.
    spares: HashMap<(Target, String), Vec<Spare>>,
    refused: HashSet<Way>,
    /// The task that closes what rests, from the first dial to the pool's end.
    sweeper: JoinSet<()>,
    /// Channels that are opened ahead.
    openers: JoinSet<()>,
}

#[derive(Debug)]
struct Spare {
    link: Link,
    tries: usize,
    since: Instant,
}

impl Pool {
    pub(super) fn new(dialer: Dialer) -> Self {
        Self {
            dialer,
            state: Mutex::default(),
            changed: Notify::new(),
        }
    }

    pub(super) fn dialer(&self) -> &Dialer {
        &self.dialer
    }

    /// Room for one fetch on a connection, waiting for it if there are as many as may be. Nothing
    /// where the host does not accept the key. A key that the agent keeps no longer gets none, though
    /// there be a connection that it logged in to.
    pub(super) async fn lease(self: &Arc<Self>, way: &Way) -> Result<Option<Lease>, FetchError> {
        let began = Instant::now();
        loop {
            let changed = self.changed.notified();
            self.dialer.check(way.key)?;
            match self.choose(way) {
                Choice::Refused => return Ok(None),
                Choice::Take(connection) => {
                    return Ok(Some(Lease::new(connection, Arc::clone(self))));
                }
                Choice::Dial => return self.dial(way, began).await,
                Choice::Wait => changed.await,
            }
        }
    }

    /// Rings for those that wait.
    fn ring(&self) {
        self.changed.notify_waiters();
    }

    fn choose(&self, way: &Way) -> Choice {
        let mut state = self.state();
        if state.refused.contains(way) {
            return Choice::Refused;
        }
        state.lanes.entry(way.clone()).or_default().choose()
    }

    /// A new connection. Of those that wait for a turn to dial, one that finds a free connection
    /// takes it, and all fail that began before a dial failed: a host that does not answer is not
    /// asked again for each of them.
    async fn dial(
        self: &Arc<Self>,
        way: &Way,
        began: Instant,
    ) -> Result<Option<Lease>, FetchError> {
        let dialing = Dialing { pool: self, way };
        self.keep_swept();
        let gate = self.gate(&way.target);
        let turn = gate.acquire().await;
        if let Some(answer) = self.answered(way, began) {
            return answer.map(|found| found.map(|found| Lease::new(found, Arc::clone(self))));
        }
        let met = self.meet(way).await;
        drop(turn);
        let mut state = self.state();
        let lane = state.lanes.entry(way.clone()).or_default();
        let answer = match met {
            Ok(Some(link)) => {
                let connection = lane.add(link);
                Ok(Some(Lease::new(connection, Arc::clone(self))))
            }
            Ok(None) => {
                state.refused.insert(way.clone());
                Ok(None)
            }
            Err(error) => {
                lane.failed = Some((Instant::now(), error.clone()));
                Err(error)
            }
        };
        drop(state);
        drop(dialing);
        answer
    }

    /// What became known while a dial waited for its turn.
    fn answered(
        &self,
        way: &Way,
        began: Instant,
    ) -> Option<Result<Option<Arc<Connection>>, FetchError>> {
        let mut state = self.state();
        if state.refused.contains(way) {
            return Some(Ok(None));
        }
        let lane = state.lanes.get_mut(way)?;
        if let Some((_, error)) = lane.failed.as_ref().filter(|(when, _)| *when >= began) {
            return Some(Err(error.clone()));
        }
        lane.take_idle().map(|found| Ok(Some(found)))
    }

    /// A connection on which the key was accepted; nothing where it was not.
    async fn meet(&self, way: &Way) -> Result<Option<Link>, FetchError> {
        let Some(key) = self.dialer.keys.get(way.key) else {
            return Ok(None);
        };
        let mut spare = match self.spare(way) {
            Some(spare) => spare,
            None => Spare::new(self.dialer.connect(&way.target).await?),
        };
        let login = self
            .dialer
            .login(&mut spare.link, &way.target, &way.user, key)
            .await;
        let accepted = match login {
            // A host may close instead of saying that it has had enough of this connection.
            Err(FetchError::Closed { .. }) if spare.tries > 0 => {
                spare = Spare::new(self.dialer.connect(&way.target).await?);
                let again = &mut spare.link;
                self.dialer
                    .login(again, &way.target, &way.user, key)
                    .await?
            }
            login => login?,
        };
        if accepted {
            return Ok(Some(spare.link));
        }
        self.keep(way, spare);
        Ok(None)
    }

    fn open_ahead(&self, connection: Arc<Connection>) {
        let openers = &mut self.state().openers;
        while openers.try_join_next().is_some() {}
        openers.spawn(async move { connection.open_ahead().await });
    }

    /// Starts the sweeper where there is none.
    fn keep_swept(self: &Arc<Self>) {
        let mut state = self.state();
        if state.sweeper.is_empty() {
            state.sweeper.spawn(sweep(Arc::downgrade(self)));
        }
    }

    fn spare(&self, way: &Way) -> Option<Spare> {
        let mut state = self.state();
        let spares = state
            .spares
            .get_mut(&(way.target.clone(), way.user.clone()))?;
        spares.retain(Spare::is_fresh);
        spares.pop()
    }

    fn keep(&self, way: &Way, mut spare: Spare) {
        spare.tries = spare.tries.saturating_add(1);
        if spare.tries < MAX_TRIES && !spare.link.handle.is_closed() {
            let whom = (way.target.clone(), way.user.clone());
            self.state().spares.entry(whom).or_default().push(spare);
        }
    }

    fn gate(&self, target: &Target) -> Arc<Semaphore> {
        let host = (target.host.clone(), target.port);
        let mut state = self.state();
        let gate = state.gates.entry(host);
        Arc::clone(gate.or_insert_with(|| Arc::new(Semaphore::new(MAX_HANDSHAKES))))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Spare {
    fn new(link: Link) -> Self {
        Self {
            link,
            tries: 0,
            since: Instant::now(),
        }
    }

    fn is_fresh(&self) -> bool {
        !self.link.handle.is_closed() && self.since.elapsed() < SPARE_LIFE
    }
}

/// Closes what has rested for long, again and again while there is a pool.
async fn sweep(pool: Weak<Pool>) {
    loop {
        sleep(SWEEP).await;
        let Some(pool) = pool.upgrade() else { return };
        let mut state = pool.state();
        state.lanes.values_mut().for_each(Lane::sweep);
        let spares = state.spares.values_mut();
        spares.for_each(|spares| spares.retain(Spare::is_fresh));
    }
}

/// A dial that is counted while it lasts.
struct Dialing<'a> {
    pool: &'a Pool,
    way: &'a Way,
}

impl Drop for Dialing<'_> {
    fn drop(&mut self) {
        if let Some(lane) = self.pool.state().lanes.get_mut(self.way) {
            lane.dialing = lane.dialing.saturating_sub(1);
        }
        self.pool.ring();
    }
}

/// Fewer than OpenSSH's sshd lets in before it drops some (`MaxStartups`, 10).
const MAX_HANDSHAKES: usize = 4;
/// Fewer than OpenSSH's sshd takes on one connection (`MaxAuthTries`, 6).
const MAX_TRIES: usize = 5;
/// Well below the time that hosts give for a login.
const SPARE_LIFE: Duration = Duration::from_secs(20);
/// How often connections that rest are looked for.
pub(super) const SWEEP: Duration = Duration::from_secs(30);
