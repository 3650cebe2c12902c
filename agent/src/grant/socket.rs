//! A grant's own agent socket.

use std::{sync::Arc, time::Duration};

use tokio::{select, sync::Semaphore, task::JoinSet, time::timeout};

use super::Grant;
use crate::{
    listener::{Listener, share},
    session,
};

/// Serves a grant on its socket until the grant is closed; the socket goes before this returns, and
/// requests that came before are answered.
///
/// A connection over the limit is accepted and closed at once rather than left waiting: in `BuildKit`
/// every waiting one holds a stream of the build's session, which dies when it runs out of them.
pub(crate) async fn serve(grant: Arc<Grant>, listener: Listener) {
    let permits = Arc::new(Semaphore::new(share(grant.connections())));
    let mut sessions = JoinSet::new();
    loop {
        let stream = select! {
            () = grant.until_closed() => break,
            stream = listener.accept() => stream,
        };
        grant.gate().pass().await;
        while sessions.try_join_next().is_some() {}
        match Arc::clone(&permits).try_acquire_owned() {
            Ok(permit) => {
                let served = Arc::clone(&grant);
                let session = |stream| async move {
                    session::run(&served, stream).await;
                    drop(permit);
                };
                // Streams belong to the thread that fetches.
                match grant.fetches() {
                    Some(_) => drop(sessions.spawn(session(stream))),
                    None => grant.workers().serve(&mut sessions, stream, session),
                }
            }
            Err(_) => grant.refuse_connection().await,
        }
    }
    drop(listener);
    // What is being answered still is; a reply that nobody takes is not waited for.
    let _ = timeout(GRACE, grant.until_answered()).await;
    // One that waits for the disk is left behind.
    let _ = timeout(GRACE, sessions.shutdown()).await;
}

/// How long replies may take once the grant is closed: well below the time in which an agent must
/// be gone whose parent is.
const GRACE: Duration = Duration::from_millis(500);
