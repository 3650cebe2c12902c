//! Grants: one build's permission, with its keys, its limits and what it was used for.

mod answering;
mod fetches;
mod ledger;
mod records;
mod search;
mod signing;
mod socket;
mod table;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

use keystay_proto::control::{
    GrantId, GrantInfo, GrantReport, GrantSpec, GrantState, Mode, Reason, Repos,
};
use tokio::sync::watch;

pub(crate) use fetches::Fetches;
pub(crate) use socket::serve;
pub(crate) use table::{OpenError, Opened, Table};

use self::ledger::Ledger;
use crate::{
    audit::Audit,
    broker::Broker,
    clock::Moment,
    harden::Gate,
    key::Key,
    known_hosts::KnownHosts,
    policy::{Standing, Terms},
    scan::{Blind, Budget, Needles},
    ssh_config::SshConfig,
    tunnel::{Memory, Streams},
    workers::Workers,
};

/// What every grant of an agent uses.
#[derive(Clone, Debug)]
pub(crate) struct Shared {
    /// The log that every decision goes to.
    pub(crate) audit: Arc<Audit>,
    /// The host keys that are known on this machine.
    pub(crate) known_hosts: Arc<KnownHosts>,
    /// The user's settings for hosts.
    pub(crate) ssh_config: Arc<SshConfig>,
    /// What keeps a build waiting until the agent is confined.
    pub(crate) gate: Gate,
    /// What serves connections beside the agent's own thread.
    pub(crate) workers: Arc<Workers>,
    /// What waits for the steps of all grants.
    pub(crate) memory: Arc<Memory>,
}

/// One live grant.
#[derive(Debug)]
pub(crate) struct Grant {
    id: GrantId,
    spec: GrantSpec,
    terms: Terms,
    keys: Vec<Arc<Key>>,
    shared: Shared,
    ledger: Mutex<Ledger>,
    closed: watch::Sender<bool>,
    /// Whether it was revoked, and its socket is there to say so.
    revoked: AtomicBool,
    /// Requests that are being answered.
    answering: watch::Sender<u32>,
    needles: OnceLock<Result<Needles, Blind>>,
    budget: Budget,
    fetches: Option<Fetches>,
}

impl Grant {
    /// A grant of these keys under this specification, open from now on.
    pub(crate) fn new(
        id: GrantId,
        spec: GrantSpec,
        keys: Vec<Arc<Key>>,
        shared: Shared,
        expires: Moment,
    ) -> Self {
        let fetches = (spec.mode == Mode::Fetch).then(|| {
            let known_hosts = Arc::clone(&shared.known_hosts);
            let ssh_config = Arc::clone(&shared.ssh_config);
            let (keys, routes) = (keys.clone(), spec.fetch.routes.clone());
            let broker = Broker::new(known_hosts, ssh_config, keys, routes);
            let memory = Memory::of_grant(&shared.memory);
            Fetches::new(Streams::new(spec.fetch.transport, memory), broker)
        });
        let signing = keys.iter().filter(|_| fetches.is_none());
        let terms = Terms {
            keys: signing.map(|key| key.blob.clone()).collect(),
            user: spec.user.clone(),
            hosts: spec.hosts.clone(),
            repos: spec.fetch.repos.clone(),
            strict: spec.strict,
            signatures: spec.signatures,
            expires,
        };
        let (closed, ledger) = (watch::Sender::new(false), Mutex::default());
        let answering = watch::Sender::new(0);
        let (needles, budget) = (OnceLock::new(), Budget::default());
        Self {
            id,
            spec,
            terms,
            keys,
            shared,
            ledger,
            closed,
            revoked: AtomicBool::new(false),
            answering,
            needles,
            budget,
            fetches,
        }
    }

    /// Ends the grant: nothing is signed from here on, and its socket goes.
    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
        if let Some(fetches) = &self.fetches {
            fetches.streams.end();
        }
    }

    /// Whether it is closed.
    pub(crate) fn is_closed(&self) -> bool {
        *self.closed.borrow()
    }

    /// Returns when the grant is closed.
    pub(crate) async fn until_closed(&self) {
        let _ = self.closed.subscribe().wait_for(|closed| *closed).await;
    }

    /// How long it is past its expiry; nothing before.
    pub(crate) fn expired_for(&self, now: Moment) -> Option<Duration> {
        now.checked_since(self.terms.expires)
    }

    /// What serves its connections beside the agent's own thread.
    pub(crate) const fn workers(&self) -> &Arc<Workers> {
        &self.shared.workers
    }

    /// What keeps its build waiting until the agent is confined.
    pub(crate) const fn gate(&self) -> &Gate {
        &self.shared.gate
    }

    /// Its name.
    pub(crate) const fn id(&self) -> &GrantId {
        &self.id
    }

    /// The host keys that it knows.
    #[cfg(test)]
    pub(crate) const fn known_hosts(&self) -> &Arc<KnownHosts> {
        &self.shared.known_hosts
    }

    /// Its streams and what serves them, in fetch mode.
    pub(crate) const fn fetches(&self) -> Option<&Fetches> {
        self.fetches.as_ref()
    }

    /// How many connections it serves at a time.
    pub(crate) const fn connections(&self) -> usize {
        match self.fetches {
            Some(_) => MAX_FETCH_CONNECTIONS,
            None => MAX_CONNECTIONS,
        }
    }

    /// The login name of its fetches and signatures.
    pub(crate) fn user(&self) -> &str {
        &self.terms.user
    }

    /// Whether a fetch that names no login name has that of `ssh_config`.
    pub(crate) const fn has_configured_user(&self) -> bool {
        self.spec.fetch.configured_user
    }

    /// The repositories that may be read.
    pub(crate) fn repos(&self) -> &Repos {
        &self.terms.repos
    }

    /// One of its keys, by its place.
    pub(crate) fn key(&self, place: usize) -> Option<&Arc<Key>> {
        self.keys.get(place)
    }

    /// The public key blobs of its keys.
    pub(crate) fn key_blobs(&self) -> impl Iterator<Item = &[u8]> {
        self.terms.keys.iter().map(Vec::as_slice)
    }

    /// What it was used for so far.
    pub(crate) fn report(&self) -> GrantReport {
        self.ledger().report(self.id.clone())
    }

    /// What is told of it in a list of all.
    pub(crate) fn info(&self, now: Moment) -> GrantInfo {
        let left = self.terms.expires.saturating_since(now);
        let ledger = self.ledger();
        GrantInfo {
            id: self.id.clone(),
            build: self.spec.build.clone(),
            mode: self.spec.mode,
            state: if self.is_revoked() {
                GrantState::Revoked
            } else if left.is_zero() {
                GrantState::Expired
            } else {
                GrantState::Live
            },
            keys: self.keys.iter().map(|key| key.info.fingerprint).collect(),
            hosts: self.spec.hosts.clone(),
            repos: self.spec.fetch.repos.clone(),
            signatures: self.spec.signatures,
            signed: ledger.signed(),
            refused: ledger.refused(),
            expires_in: left.as_secs(),
        }
    }

    /// Takes it from its build. In fetch mode its socket stays until its client ends it: a shim that finds
    /// none waits for a minute, and one that is answered says why.
    pub(crate) fn take_away(&self) {
        match &self.fetches {
            Some(fetches) => {
                self.revoked.store(true, SeqCst);
                fetches.streams.end();
            }
            None => self.close(),
        }
    }

    /// Ends it before its client does, which is told so.
    pub(crate) async fn revoke(&self) {
        self.take_away();
        self.until_fetched().await;
        self.refuse(Reason::Revoked, None).await;
    }

    fn standing(&self, ledger: &Ledger) -> Standing {
        Standing {
            recorded_all: ledger.is_full(),
            revoked: self.is_revoked(),
            locked: self.is_locked(),
            signed: ledger.signed(),
        }
    }

    fn is_revoked(&self) -> bool {
        self.is_closed()
            || self.revoked.load(SeqCst)
            || self.keys.iter().any(|key| key.kept.is_removed())
    }

    fn is_locked(&self) -> bool {
        self.keys.iter().any(|key| key.kept.is_locked())
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Connections of one grant at a time. A `BuildKit` session serves 250 streams and dies when its
/// health check finds none free.
const MAX_CONNECTIONS: usize = 128;
/// The same in fetch mode, where a fetch takes up to two, and the shim comes back if there is none.
const MAX_FETCH_CONNECTIONS: usize = 176;
