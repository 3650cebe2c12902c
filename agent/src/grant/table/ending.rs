//! How grants end: one, those whose time is over, all.

use std::{mem, sync::Arc, time::Duration};

use keystay_proto::control::{Event, GrantId, GrantReport};
use tokio::{sync::oneshot, time::timeout};

use super::{State, Table};
use crate::{audit::Written, clock::Moment, grant::Grant};

impl Table {
    /// Ends a grant and says what it was used for.
    pub(crate) async fn end(&self, id: &str) -> Option<GrantReport> {
        let grant = self.find(id)?;
        let ended = {
            let mut state = self.state();
            state.grants.remove(grant.id());
            state.unheld.remove(grant.id());
            retire(&mut state, Arc::clone(&grant))
        };
        // The grant is over whether or not its last record could be written.
        let _ = ended.await;
        Some(grant.report())
    }

    /// Ends every grant that expired a day ago. Until then it signs nothing, but its build is told
    /// why, and its client can still ask what it was used for and search for its keys.
    pub(crate) fn sweep(&self, now: Moment) {
        sweep(&mut self.state(), now, LINGER);
    }

    /// Ends every grant and waits until their sockets are gone. An agent that outlives its clients
    /// lets fetches that are under way end before, for a few seconds.
    pub(crate) async fn drain(&self) {
        if self.is_held {
            self.until_fetched(FETCH_TIME).await;
        }
        let mut tasks = {
            let mut state = self.state();
            for grant in mem::take(&mut state.grants).into_values() {
                drop(retire(&mut state, grant));
            }
            mem::take(&mut state.tasks)
        };
        while tasks.join_next().await.is_some() {}
    }

    /// Takes every grant from its build, which may still be searched for its keys.
    pub(crate) fn revoke_all(&self) {
        let mut state = self.state();
        let grants: Vec<_> = state.grants.values().cloned().collect();
        for grant in grants {
            grant.take_away();
            // Who asks for this does not wait for the records.
            (state.tasks).spawn(async move { grant.revoke().await });
        }
    }

    /// Returns when no fetch is under way, or after this time.
    pub(crate) async fn until_fetched(&self, limit: Duration) {
        let grants: Vec<_> = self.state().grants.values().cloned().collect();
        let _ = timeout(limit, async {
            for fetches in grants.iter().filter_map(|grant| grant.fetches()) {
                fetches.streams.until_none().await;
            }
        })
        .await;
    }
}

pub(super) fn sweep(state: &mut State, now: Moment, linger: Duration) {
    let is_over = |(id, grant): &(&GrantId, &Arc<Grant>)| {
        state.unheld.get(id).is_some_and(|until| *until <= now)
            || grant.expired_for(now).is_some_and(|age| age >= linger)
    };
    let over: Vec<_> = (state.grants.iter())
        .filter(is_over)
        .map(|(id, _)| id.clone())
        .collect();
    for id in over {
        state.unheld.remove(&id);
        if let Some(grant) = state.grants.remove(&id) {
            drop(retire(state, grant));
        }
    }
    while state.tasks.try_join_next().is_some() {}
}

/// Closes a grant at once; its last record is written when all that was fetched is recorded. The receiver
/// resolves then.
pub(super) fn retire(state: &mut State, grant: Arc<Grant>) -> oneshot::Receiver<()> {
    let (done, ended) = oneshot::channel();
    grant.close();
    state.tasks.spawn(async move {
        grant.until_fetched().await;
        let _ = grant.recorded(last_record(&grant)).await;
        // Not everybody waits for it.
        let _ = done.send(());
    });
    ended
}

/// Hands over the last record of a grant that is closed.
pub(super) fn last_record(grant: &Grant) -> Written {
    // What was judged before is recorded before.
    let _ledger = grant.ledger();
    grant.mark(Event::Closed)
}

/// How long fetches may take once the agent is told to end.
const FETCH_TIME: Duration = Duration::from_secs(5);
/// How long an expired grant is kept for its build and client.
pub(super) const LINGER: Duration = Duration::from_hours(24);
