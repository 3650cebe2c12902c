//! The broker: fetches from git hosts on behalf of a build, with keys that the build never sees.
//!
//! A fetch goes [`Broker::known`] (which host, and is its key known: for the policy, before anything
//! is dialled) → [`Broker::fetch`]: keys in order → pool → connection → channel → pumps.

mod dial;
mod errand;
mod error;
mod exchange;
mod hosts;
mod login;
mod order;
mod plain;
mod pool;
mod target;
mod tether;
mod visitor;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use keystay_proto::{control::Route, git::Repository, printable};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    select,
};

pub(crate) use errand::{Errand, Outcome};
pub(crate) use error::FetchError;
pub(crate) use target::Target;

use self::{
    dial::Dialer,
    exchange::{End, Exchange, Opening, Tally},
    hosts::Hosts,
    pool::{Lease, NoChannel, Pool, Way},
};
use crate::{key::Key, known_hosts::KnownHosts, said, ssh_config::SshConfig};

/// What fetches for one grant. Its connections end when it is dropped.
#[derive(Debug)]
pub(crate) struct Broker {
    config: Arc<SshConfig>,
    hosts: Hosts,
    pool: Arc<Pool>,
    /// The key that opened a repository, by its place.
    opened: Mutex<HashMap<Repository, usize>>,
}

impl Broker {
    /// A broker with these keys, each for the repositories that its routes name, or any where no
    /// route names it.
    pub(crate) fn new(
        known_hosts: Arc<KnownHosts>,
        config: Arc<SshConfig>,
        keys: Vec<Arc<Key>>,
        routes: Vec<Route>,
    ) -> Self {
        let hosts = Hosts::new(Arc::clone(&known_hosts));
        let dialer = Dialer {
            known_hosts,
            keys,
            routes,
        };
        Self {
            config,
            hosts,
            pool: Arc::new(Pool::new(dialer)),
            opened: Mutex::default(),
        }
    }

    /// Where `ssh_config` says that a host is, if a key of it is known. Port 22 stands for no port.
    pub(crate) fn known(&self, host: &str, port: u16) -> Option<Target> {
        let target = Target::resolve(&self.config, host, port);
        self.hosts.is_known(&target.name).then_some(target)
    }

    /// Fetches: `input` goes to the host's command, its output to `output` and `error`. What goes to
    /// `error` is safe to show.
    ///
    /// When `over` returns, the fetch ends: what it gives then comes with what was fetched so far.
    pub(crate) async fn fetch<T>(
        &self,
        errand: Errand,
        mut input: impl AsyncRead + Unpin + Send,
        mut output: impl AsyncWrite + Unpin + Send,
        mut error: impl AsyncWrite + Unpin + Send,
        over: impl Future<Output = T>,
    ) -> (Outcome, Option<T>) {
        let mut tally = Tally::default();
        let mut fetch = Fetch {
            target: self.target(&errand.repository),
            broker: self,
            errand: &errand,
            key: None,
        };
        let streams = (&mut input, &mut output, &mut error);
        let (end, why) = select! {
            // Whether it is over is asked before each step.
            biased;
            why = over => (Err(FetchError::BuildGone), Some(why)),
            end = fetch.with_any_key(streams, &mut tally) => (end, None),
        };
        let keys = &self.pool.dialer().keys;
        let user = fetch.key.map(|place| printable(fetch.way(place).user));
        let outcome = Outcome {
            end,
            key: (fetch.key.and_then(|place| keys.get(place))).map(|key| key.info.fingerprint),
            user,
            wanted: tally.wants.into_wanted(),
            bytes: tally.bytes,
        };
        (outcome, why)
    }

    fn target(&self, repository: &Repository) -> Target {
        Target::resolve(&self.config, &repository.host, repository.port)
    }

    /// The keys to try, the one that opened the repository before going first.
    fn order(&self, repository: &Repository, target: &Target) -> Vec<usize> {
        let Dialer { keys, routes, .. } = self.pool.dialer();
        let mut order = order::for_repository(keys, routes, repository, target);
        if let Some(opened) = self.opened().get(repository) {
            order.sort_by_key(|place| place != opened);
        }
        order
    }

    fn opened(&self) -> MutexGuard<'_, HashMap<Repository, usize>> {
        self.opened.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One fetch under way.
struct Fetch<'a> {
    broker: &'a Broker,
    errand: &'a Errand,
    target: Target,
    /// The key that is tried, by its place.
    key: Option<usize>,
}

/// The build's input, output and error.
type Streams<'a, I, O, E> = (&'a mut I, &'a mut O, &'a mut E);

/// What comes of a try with one key.
enum Try {
    Served(End),
    /// The host does not accept the key.
    Refused,
    /// The host does not give the repository to the key, and says why.
    Denied(String),
}

impl Fetch<'_> {
    /// Tries the keys in order until one serves.
    async fn with_any_key<I, O, E>(
        &mut self,
        (input, output, error): Streams<'_, I, O, E>,
        tally: &mut Tally,
    ) -> Result<u8, FetchError>
    where
        I: AsyncRead + Unpin,
        O: AsyncWrite + Unpin,
        E: AsyncWrite + Unpin,
    {
        let mut result = Err(FetchError::NoKey);
        for place in self.broker.order(&self.errand.repository, &self.target) {
            self.key = Some(place);
            let way = self.way(place);
            match self.with_key(&way, (input, output, error), tally).await {
                Ok(Try::Served(end)) => return self.ended(end),
                Ok(Try::Denied(said)) => result = Err(self.not_found(said)),
                Ok(Try::Refused) if matches!(result, Err(FetchError::NoKey)) => {
                    result = Err(self.refused(&way.user));
                }
                Ok(Try::Refused) => {}
                Err(failed @ FetchError::NoSignature { .. }) => result = Err(failed),
                Err(failed) => return Err(failed),
            }
        }
        result
    }

    /// Tries one key. A connection that is full leaves room on another to be found; one that breaks
    /// before the command said anything is replaced, a few times.
    async fn with_key<I, O, E>(
        &self,
        way: &Way,
        (input, output, error): Streams<'_, I, O, E>,
        tally: &mut Tally,
    ) -> Result<Try, FetchError>
    where
        I: AsyncRead + Unpin,
        O: AsyncWrite + Unpin,
        E: AsyncWrite + Unpin,
    {
        let mut lost = 0_usize;
        while lost < MAX_LOST {
            let Some(mut lease) = self.broker.pool.lease(way).await? else {
                return Ok(Try::Refused);
            };
            let mut exchange = match self.begin(&mut lease, tally).await {
                Ok(exchange) => exchange,
                Err(NoChannel::Full) => continue,
                Err(NoChannel::Gone) => {
                    lost = lost.saturating_add(1);
                    continue;
                }
            };
            match exchange.open(self.errand, input, tally).await {
                Opening::Gone => lost = lost.saturating_add(1),
                Opening::Denies => return Ok(Try::Denied(said::line(&exchange.said()))),
                Opening::Serves => {
                    let repository = self.errand.repository.clone();
                    self.broker.opened().insert(repository, way.key);
                    let end = exchange.pass(input, output, error, tally).await;
                    return Ok(Try::Served(end));
                }
            }
        }
        Err(dial::closed(&self.target))
    }

    /// Runs the command on a connection.
    async fn begin<'l>(
        &self,
        lease: &'l mut Lease,
        tally: &Tally,
    ) -> Result<Exchange<'l>, NoChannel> {
        let channel = lease.channel().await?;
        let begun = Exchange::begin(lease, channel, self.errand, tally).await;
        begun.ok_or(NoChannel::Gone)
    }

    fn way(&self, key: usize) -> Way {
        let configured = (self.target.user.clone()).filter(|_| !self.errand.user_named);
        Way {
            target: self.target.clone(),
            user: configured.unwrap_or_else(|| self.errand.user.clone()),
            key,
        }
    }

    fn ended(&self, end: End) -> Result<u8, FetchError> {
        match end {
            End::Exit(status) => Ok(status),
            End::Closed => Err(dial::closed(&self.target)),
            End::BuildGone => Err(FetchError::BuildGone),
            End::Stalled => Err(FetchError::Stalled),
        }
    }

    fn not_found(&self, said: String) -> FetchError {
        let host = self.target.to_string();
        FetchError::NotFound { host, said }
    }

    fn refused(&self, user: &str) -> FetchError {
        FetchError::KeysRefused {
            host: self.target.to_string(),
            user: printable(user),
        }
    }
}

/// How many connections one key is tried on when they break.
const MAX_LOST: usize = 3;

#[cfg(test)]
mod tests;
