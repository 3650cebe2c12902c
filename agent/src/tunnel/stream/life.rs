//! How long a stream lives.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::{Progress, Stream};

/// Why a stream is given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Abandoned {
    /// The shim closed it, or the end of its grant did.
    Closed,
    /// The shim is gone without a word.
    Silent,
    /// No byte has moved for too long.
    Idle,
    /// The shim sent more than a fetch needs.
    TooMuchInput,
    /// The grant has expired.
    Expired,
}

impl Stream {
    /// The shim closes it, or the end of its grant does.
    pub(crate) fn close(&self) {
        self.closed.send_replace(true);
    }

    /// Returns when nobody waits for it any more, or it breaks a limit.
    pub(crate) async fn until_abandoned(&self) -> Abandoned {
        let mut closed = self.closed.subscribe();
        loop {
            let (seen, moved, input, is_finished) = {
                let progress = self.progress();
                let Progress { seen, moved, .. } = *progress;
                (seen, moved, progress.input.end(), progress.exit.is_some())
            };
            let now = Instant::now();
            if input > MAX_INPUT && !is_finished {
                return Abandoned::TooMuchInput;
            }
            if now >= seen + LEASE {
                return Abandoned::Silent;
            }
            if now >= moved + IDLE {
                return Abandoned::Idle;
            }
            let due = (seen + LEASE).min(moved + IDLE).min(now + LOOK);
            tokio::select! {
                () = sleep_until(due) => {}
                _ = closed.wait_for(|closed| *closed) => return Abandoned::Closed,
            }
        }
    }
}

/// How much standard input a stream may have in all: wants and haves of a fetch take 50 bytes each.
const MAX_INPUT: u64 = 64 * 1024 * 1024;
/// How long a stream lives without a frame.
pub(super) const LEASE: Duration = Duration::from_secs(20);
/// How long a stream lives without a byte that moves. Servers send signs of life while they count
/// objects.
pub(super) const IDLE: Duration = Duration::from_mins(10);
/// How often what a stream has sent is looked at.
const LOOK: Duration = Duration::from_secs(1);
