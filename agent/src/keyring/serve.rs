//! Connections to the agent's own socket: a message in, a reply out, in order.

use std::{sync::Arc, time::Duration};

use bytes::BytesMut;
use keystay_proto::frame;
use tokio::{
    net::UnixStream,
    select,
    sync::{Semaphore, watch},
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};
use zeroize::Zeroize as _;

use super::{Keyring, answer::answer, binds::Binds};
use crate::{
    listener::{Listener, share},
    session::Messages,
    workers::Workers,
};

/// Serves the agent's own socket until `stop` turns true.
pub(crate) async fn serve(
    keyring: Arc<Keyring>,
    workers: Arc<Workers>,
    listener: Listener,
    mut stop: watch::Receiver<bool>,
) {
    let permits = Arc::new(Semaphore::new(share(MAX_CONNECTIONS)));
    let mut connections = JoinSet::new();
    let mut ticks = interval(EXPIRY_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let next = async {
            let permit = Arc::clone(&permits).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, stream) = select! {
            _ = stop.wait_for(|stop| *stop) => break,
            _ = ticks.tick() => {
                keyring.expire();
                // Nothing was signed: nobody waits for it.
                drop(keyring.tell_refused());
                continue;
            }
            next = next => next,
        };
        while connections.try_join_next().is_some() {}
        let keyring = Arc::clone(&keyring);
        let stop = stop.clone();
        let session = |stream| async move {
            connection(&keyring, stream, stop).await;
            drop(permit);
        };
        workers.serve(&mut connections, stream, session);
    }
    drop(listener);
    // One that waits for a person or the disk is left behind.
    let answered = async { while connections.join_next().await.is_some() {} };
    if timeout(PATIENCE, answered).await.is_err() {
        let _ = timeout(GRACE, connections.shutdown()).await;
    }
    if let Some(written) = keyring.tell_refused() {
        let _ = written.done().await;
    }
}

/// Ends when the peer leaves, breaks the framing or does not take a reply; and when `stop` turns true and all
/// that came is answered.
async fn connection(keyring: &Keyring, stream: UnixStream, mut stop: watch::Receiver<bool>) {
    let mut messages = Messages::of(stream);
    let mut binds = Binds::default();
    loop {
        let message = select! {
            biased;
            message = messages.next(IDLE_TIME) => message,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let Ok(message) = message.map(Wiped) else {
            return;
        };
        let body = answer(keyring, &mut binds, &message.0).await;
        // Numbers and lengths only: what is in a message may be a secret.
        let (asked, bytes) = (message.0.first().copied(), message.0.len());
        let answered = body.first().copied();
        tracing::debug!(asked, bytes, answered, "answered a message");
        drop(message);
        let mut reply = Vec::with_capacity(body.len().saturating_add(4));
        if frame::join(&body, &mut reply).is_err() {
            return;
        }
        if messages.reply(&reply, WRITE_TIME).await.is_err() {
            return;
        }
    }
}

/// A message that may hold a private key or a passphrase.
struct Wiped(BytesMut);

impl Drop for Wiped {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// As many as leave room for grants below the usual limit of descriptors.
const MAX_CONNECTIONS: usize = 512;
/// ssh keeps its connection for as long as it forwards the agent.
const IDLE_TIME: Duration = Duration::from_hours(30 * 24);
const WRITE_TIME: Duration = Duration::from_mins(1);
/// How often keys are looked at for their expiry, and refusals that were not recorded are told.
const EXPIRY_INTERVAL: Duration = Duration::from_secs(10);
/// How long what came before the end may take to be answered.
const PATIENCE: Duration = Duration::from_secs(5);
/// How long connections may take to end.
const GRACE: Duration = Duration::from_millis(500);
