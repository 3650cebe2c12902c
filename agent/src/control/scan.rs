//! Looking for a grant's private keys in bytes that the client reads.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use keystay_proto::control::{Problem, ProblemCode, ScanReport};
use tokio::{
    select,
    sync::{Semaphore, mpsc},
    task::spawn_blocking,
    time::timeout,
};

use super::{Control, grants::no_grant};
use crate::{
    grant::Grant,
    scan::{Blind, Scanner, Spent},
};

/// The searches that run side by side.
#[derive(Debug)]
pub(crate) struct Searches {
    permits: Semaphore,
    /// How long a stream may pause: an engine may write a whole image to its disk before it sends
    /// the first byte.
    patience: Duration,
}

impl Searches {
    /// At most so many at once, none paused for longer than `patience`.
    pub(crate) fn new(at_once: usize, patience: Duration) -> Self {
        Self {
            permits: Semaphore::new(at_once),
            patience,
        }
    }
}

impl Default for Searches {
    fn default() -> Self {
        Self::new(MAX_SEARCHES, PATIENCE)
    }
}

/// Matches the body as it comes in; nothing of it is kept. Each search has a thread of its own, so
/// that none holds up another, or a signature.
pub(super) async fn scan(
    control: &Control,
    id: &str,
    mut body: Incoming,
) -> Result<ScanReport, Problem> {
    let grant = control.grants.find(id).ok_or_else(|| no_grant(id))?;
    let outcome = match control.searches.permits.try_acquire() {
        Err(_) => Err(crowded()),
        Ok(_permit) => select! {
            report = search(&grant, &mut body, control.searches.patience) => report,
            () = grant.until_closed() => Err(no_grant(id)),
        },
    };
    if outcome.is_err() {
        // Who still writes does not read the answer.
        let rest = async { while let Some(Ok(_)) = body.frame().await {} };
        let _ = timeout(DRAIN_TIME.min(control.searches.patience), rest).await;
    }
    outcome
}

async fn search(
    grant: &Arc<Grant>,
    body: &mut Incoming,
    patience: Duration,
) -> Result<ScanReport, Problem> {
    grant.budget().begin().map_err(spent)?;
    let (sender, receiver) = mpsc::channel(QUEUE);
    let matching = Arc::clone(grant);
    let matching = spawn_blocking(move || matched(&matching, receiver));
    feed(grant, body, sender, patience).await?;
    let report = matching.await.map_err(|error| internal(&error))?;
    report.map_err(|blind| internal(&blind))
}

/// What is found in the bytes of a channel.
fn matched(grant: &Grant, mut bytes: mpsc::Receiver<Bytes>) -> Result<ScanReport, Blind> {
    let mut scanner = Scanner::new(grant.needles()?)?;
    while let Some(bytes) = bytes.blocking_recv() {
        scanner.push(&bytes);
    }
    scanner.finish()
}

/// Passes the body on, until its end or that of who takes it.
async fn feed(
    grant: &Grant,
    body: &mut Incoming,
    sender: mpsc::Sender<Bytes>,
    patience: Duration,
) -> Result<(), Problem> {
    let stalled = |_| {
        let message = format!("no byte to scan came for {} seconds", patience.as_secs());
        Problem::new(ProblemCode::Unavailable, message)
    };
    while let Some(frame) = timeout(patience, body.frame()).await.map_err(stalled)? {
        let frame = frame.map_err(|error| {
            let message = format!("the bytes to scan broke off: {error}");
            Problem::new(ProblemCode::Usage, message)
        })?;
        if let Ok(bytes) = frame.into_data() {
            grant.budget().take(bytes.len()).map_err(spent)?;
            if sender.send(bytes).await.is_err() {
                break;
            }
        }
    }
    Ok(())
}

fn spent(spent: Spent) -> Problem {
    Problem::new(ProblemCode::Refused, spent.to_string())
        .hint("searches are limited, so that they cannot be used to guess a key")
        .hint("search what is left with `keystay verify`, which has a grant of its own")
}

fn crowded() -> Problem {
    let message = "too many searches at once";
    Problem::new(ProblemCode::Unavailable, message).hint("try again when others have ended")
}

fn internal(error: &dyn std::error::Error) -> Problem {
    Problem::new(ProblemCode::Internal, error.to_string())
}

/// Of the control socket's connections, some are left for what takes no time.
const MAX_SEARCHES: usize = 48;
/// Frames between who reads and who matches, each at most 64 KiB.
const QUEUE: usize = 2;
const PATIENCE: Duration = Duration::from_mins(15);
/// How long the rest of a refused body is read and dropped.
const DRAIN_TIME: Duration = Duration::from_secs(5);
