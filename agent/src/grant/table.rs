//! Every live grant of an agent.

mod ending;

use std::{
    collections::BTreeMap,
    io,
    path::PathBuf,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use keystay_proto::control::{Event, GrantId, GrantInfo, GrantSpec, Hosts, Mode};
use tokio::task::JoinSet;

use self::ending::{retire, sweep};
use super::{Grant, Shared, serve};
use crate::{audit::AuditError, clock::Moment, key::Key, listener::Listener};

/// The live grants, and the tasks that serve their sockets and end them.
#[derive(Debug)]
pub(crate) struct Table {
    folder: PathBuf,
    /// Whether a grant lives only as long as its client holds it.
    is_held: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// What later grants use.
    shared: Shared,
    grants: BTreeMap<GrantId, Arc<Grant>>,
    /// Until when those that nobody holds yet are kept.
    unheld: BTreeMap<GrantId, Moment>,
    tasks: JoinSet<()>,
}

/// A grant that was just opened.
#[derive(Debug)]
pub(crate) struct Opened {
    /// The grant.
    pub(crate) grant: Arc<Grant>,
    /// Its socket.
    pub(crate) socket: PathBuf,
}

/// Why a grant was not opened.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OpenError {
    #[error("{MAX_GRANTS} grants are open already")]
    TooMany,
    #[error("the kernel gives no randomness")]
    Random(#[source] getrandom::Error),
    #[error("cannot make the socket {}", path.display())]
    Socket { path: PathBuf, source: io::Error },
    #[error(transparent)]
    Audit(#[from] AuditError),
}

impl Table {
    /// An empty table whose sockets are made in this folder, which must be private to the user.
    pub(crate) fn new(folder: PathBuf, shared: Shared) -> Self {
        Self {
            folder,
            is_held: false,
            state: Mutex::new(State {
                shared,
                grants: BTreeMap::new(),
                unheld: BTreeMap::new(),
                tasks: JoinSet::new(),
            }),
        }
    }

    /// The same for an agent that outlives its clients: a grant that is not held soon is ended.
    pub(crate) fn held(self) -> Self {
        Self {
            is_held: true,
            ..self
        }
    }

    /// Uses these host keys and settings from the next grant on. Those that are open keep theirs:
    /// nothing that changes later widens them.
    pub(crate) fn replace(&self, shared: Shared) {
        self.state().shared = shared;
    }

    /// The log that every grant's decisions go to, with the rest that the next one uses.
    pub(crate) fn shared(&self) -> Shared {
        self.state().shared.clone()
    }

    /// Every grant, in the order of their names.
    pub(crate) fn list(&self) -> Vec<GrantInfo> {
        let now = Moment::now();
        (self.state().grants.values())
            .map(|grant| grant.info(now))
            .collect()
    }

    /// A grant that is held from now on: whoever holds it calls [`Table::abandon`].
    pub(crate) fn hold(&self, id: &str) -> Option<Arc<Grant>> {
        let grant = self.find(id)?;
        self.state().unheld.remove(grant.id());
        Some(grant)
    }

    /// Ends a grant whose client is gone, if it was not ended before.
    pub(crate) fn abandon(&self, id: &GrantId) -> bool {
        let mut state = self.state();
        let grant = state.grants.remove(id);
        // Nobody waits for its last record.
        grant.map(|grant| drop(retire(&mut state, grant))).is_some()
    }

    /// Opens a grant of these keys: its first record is written, its socket listens.
    pub(crate) async fn open(
        &self,
        spec: GrantSpec,
        keys: Vec<Arc<Key>>,
    ) -> Result<Opened, OpenError> {
        self.make_room()?;
        let id = random_id().map_err(OpenError::Random)?;
        let socket = self.folder.join(id.as_str());
        let listener = Listener::bind(&socket).map_err(|source| OpenError::Socket {
            path: socket.clone(),
            source,
        })?;
        let expires = Moment::now() + Duration::from_secs(spec.ttl.min(MAX_TTL));
        let shared = self.shared();
        let grant = Arc::new(Grant::new(id.clone(), spec, keys, shared, expires));
        grant.mark(Event::Opened).done().await?;
        let mut state = self.state();
        state.tasks.spawn(serve(Arc::clone(&grant), listener));
        if self.is_held {
            state.unheld.insert(id.clone(), Moment::now() + HOLD_TIME);
        }
        state.grants.insert(id, Arc::clone(&grant));
        Ok(Opened { grant, socket })
    }

    fn make_room(&self) -> Result<(), OpenError> {
        let mut state = self.state();
        if state.grants.len() >= MAX_GRANTS {
            sweep(&mut state, Moment::now(), Duration::ZERO);
        }
        if state.grants.len() >= MAX_GRANTS {
            return Err(OpenError::TooMany);
        }
        Ok(())
    }

    /// The host keys that a build with these hosts gets, in `known_hosts` form.
    pub(crate) fn known_hosts_for(&self, hosts: &Hosts) -> Result<String, OpenError> {
        let mut failure = None;
        let salt = || {
            let mut salt = [0; 20];
            failure = failure.or_else(|| getrandom::fill(&mut salt).err());
            salt
        };
        let lines = self.shared().known_hosts.for_grant(hosts, salt);
        failure.map_or(Ok(lines), |error| Err(OpenError::Random(error)))
    }

    /// Lines of the host key files that are left out, and in fetch mode of `ssh_config`, and why, a
    /// sentence each.
    pub(crate) fn notes(&self, mode: Mode) -> Vec<String> {
        let shared = self.shared();
        let hosts = shared.known_hosts.notes().iter().take(MAX_NOTES);
        let mut notes: Vec<_> = hosts.map(ToString::to_string).collect();
        if mode == Mode::Fetch {
            let settings = shared.ssh_config.notes();
            notes.extend(settings.iter().take(MAX_NOTES).cloned());
        }
        notes
    }

    /// A live grant.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<Grant>> {
        let state = self.state();
        state
            .grants
            .values()
            .find(|grant| grant.id().as_str() == id)
            .cloned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn random_id() -> Result<GrantId, getrandom::Error> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)?;
    Ok(GrantId::from_random(bytes))
}

/// Grants that may be open at once.
const MAX_GRANTS: usize = 4_096;
/// How long a client may take to hold the grant that it opened.
const HOLD_TIME: Duration = Duration::from_secs(10);
/// Notes that a person is shown.
const MAX_NOTES: usize = 3;
/// The longest life of a grant, in seconds: a day.
const MAX_TTL: u64 = 24 * 60 * 60;

#[cfg(test)]
mod tests {
    use std::{
        sync::atomic::{AtomicU32, Ordering},
        thread,
        time::SystemTime,
    };

    use keystay_proto::{
        agent::{Request, SignFlags, SignRequest},
        control::GrantState,
    };

    use super::*;
    use crate::{
        clock::tests::machine_sleeps,
        known_hosts::KnownHosts,
        pipeline,
        policy::{Bound, Demand, Verdict},
        testing::Fixture,
    };

    #[tokio::test]
    async fn no_signature_is_recorded_behind_the_end_of_its_grant() {
        let fixture = Fixture::new().await;
        let data = fixture.login("git");
        let request = SignRequest {
            key_blob: &fixture.key.blob,
            data: &data,
            flags: SignFlags(0),
        };
        let bound = Bound::default();
        for _ in 0..100 {
            let grant = fixture.grant(GrantSpec {
                // However slow the other thread is, the log is not put aside.
                signatures: 200,
                ..Fixture::spec()
            });
            let judged = AtomicU32::new(0);
            thread::scope(|scope| {
                scope.spawn(|| {
                    loop {
                        let demand = Demand::identify(&request, &bound, SystemTime::now());
                        let now = Moment::now();
                        let (verdict, _) = grant.judge(&demand, request.flags, now);
                        if matches!(verdict, Verdict::Deny(_)) {
                            return;
                        }
                        judged.fetch_add(1, Ordering::Relaxed);
                    }
                });
                while judged.load(Ordering::Relaxed) < 3 {
                    thread::yield_now();
                }
                grant.close();
                drop(ending::last_record(&grant));
            });
            // What is handed over later is written later.
            grant.mark(Event::Opened).done().await.unwrap();
        }
        let events: Vec<_> = (fixture.records().iter())
            .map(|record| record.event)
            .collect();
        let ends = events.iter().filter(|event| **event == Event::Closed);
        assert_eq!(ends.count(), 100);
        // The first request that is refused ends each round.
        let behind = |pair: &[Event]| pair[0] == Event::Closed && pair[1] == Event::Allowed;
        assert!(!events.windows(2).any(behind));
    }

    #[tokio::test]
    async fn a_grant_that_nobody_holds_is_ended_and_a_held_one_stays() {
        let fixture = Fixture::new().await;
        let folder = tempfile::tempdir().unwrap();
        let table = Table::new(folder.path().to_owned(), fixture.shared()).held();
        let open = || table.open(Fixture::spec(), vec![Arc::clone(&fixture.key)]);
        let (held, left) = (open().await.unwrap(), open().await.unwrap());
        table.hold(held.grant.id().as_str()).unwrap();
        table.sweep(Moment::now());
        assert_eq!(table.list().len(), 2);
        table.sweep(Moment::now() + HOLD_TIME);
        assert!(table.find(held.grant.id().as_str()).is_some());
        assert!(table.find(left.grant.id().as_str()).is_none());
        table.drain().await;
    }

    #[tokio::test]
    async fn what_is_read_again_does_not_change_a_grant_that_is_open() {
        let fixture = Fixture::new().await;
        let folder = tempfile::tempdir().unwrap();
        let table = Table::new(folder.path().to_owned(), fixture.shared());
        let open = || table.open(Fixture::spec(), vec![Arc::clone(&fixture.key)]);
        let before = open().await.unwrap();
        let wider = Arc::new(KnownHosts::parse(
            "new.host ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGtqbmEgTpXzdRzlMcUL2kOrpvxeY8vMvZ/vzJcMeTzY\n",
            std::path::Path::new("known_hosts"),
        ));
        table.replace(Shared {
            known_hosts: Arc::clone(&wider),
            ..fixture.shared()
        });
        let after = open().await.unwrap();
        assert!(!Arc::ptr_eq(before.grant.known_hosts(), &wider));
        assert!(Arc::ptr_eq(after.grant.known_hosts(), &wider));
        table.drain().await;
    }

    #[tokio::test]
    async fn the_time_of_a_grant_passes_while_the_machine_sleeps() {
        let fixture = Fixture::new().await;
        let folder = tempfile::tempdir().unwrap();
        let table = Table::new(folder.path().to_owned(), fixture.shared());
        let opened = table.open(Fixture::spec(), vec![Arc::clone(&fixture.key)]);
        let grant = opened.await.unwrap().grant;
        let data = fixture.login("git");
        let mut message = Vec::new();
        Request::SignRequest(SignRequest {
            key_blob: &fixture.key.blob,
            data: &data,
            flags: SignFlags(0),
        })
        .encode(&mut message);
        let mut bound = Bound::default();
        assert_eq!(pipeline::answer(&grant, &mut bound, &message).await[0], 14);
        machine_sleeps(Duration::from_mins(1));
        assert_eq!(pipeline::answer(&grant, &mut bound, &message).await, [5]);
        assert_eq!(table.list()[0].state, GrantState::Expired);
        machine_sleeps(ending::LINGER);
        table.sweep(Moment::now());
        assert!(table.list().is_empty());
        table.drain().await;
    }

    #[tokio::test]
    async fn an_expired_grant_is_kept_for_a_day_and_tells_what_it_was_used_for() {
        let fixture = Fixture::new().await;
        let folder = tempfile::tempdir().unwrap();
        let table = Table::new(folder.path().to_owned(), fixture.shared());
        let spec = GrantSpec {
            ttl: 0,
            ..Fixture::spec()
        };
        let open = || {
            let keys = vec![Arc::clone(&fixture.key)];
            table.open(spec.clone(), keys)
        };
        let (first, second) = (open().await.unwrap(), open().await.unwrap());
        let now = Moment::now();
        table.sweep(now);
        assert!(first.socket.exists());
        assert_eq!(
            table.end(first.grant.id().as_str()).await.unwrap().id,
            *first.grant.id()
        );
        table.sweep(now + ending::LINGER);
        assert!(table.find(second.grant.id().as_str()).is_none());
        table.drain().await;
    }
}
