//! The first frame.

use super::{Fault, LOST_AFTER, Stream};
use crate::connection::{Frame, Progress};
use crate::frame::{Open, Reply, Request};
use crate::input::Carried;
use crate::sys::{self, Errno};

impl Stream<'_> {
    /// Opens the stream, trying again until it is opened or refused.
    pub(crate) fn open(&mut self, open: Open<'_>) -> Result<(), Fault> {
        let stream = self.id;
        let frame = Frame {
            path: self.path,
            stream: &stream,
            request: Request::Open(open),
            carried: Carried::default(),
            patience: PATIENCE,
        };
        loop {
            let now = sys::now();
            if now >= self.heard_at.saturating_add(LOST_AFTER) {
                return Err(Fault::Lost);
            }
            if self.main.is_idle() && now >= self.main.retry_at() {
                self.main.begin(&frame, now);
            }
            if let Some(error) = self.main.error().filter(|error| is_lasting(*error)) {
                return Err(Fault::Unreachable(error));
            }
            let retry_at = self.main.retry_at();
            let until = self.main.deadline().unwrap_or(retry_at);
            sys::poll(&mut [self.main.watch()], until.saturating_sub(now));
            let now = sys::now();
            match self.main.advance(self.arriving, now) {
                Progress::None => {}
                Progress::Malformed => return Err(Fault::Malformed),
                Progress::Reply(end) => {
                    if self.opened(end, now)? {
                        return Ok(());
                    }
                }
            }
        }
    }

    fn opened(&mut self, end: usize, now: u64) -> Result<bool, Fault> {
        match self.decode_main(end)? {
            Reply::Opened { wait } => {
                self.main.praise();
                self.wait = wait;
                self.heard_at = now;
                Ok(true)
            }
            Reply::Refused { message } => Err(self.refused(message)),
            Reply::Failure => {
                self.main.fail(now);
                Ok(false)
            }
            Reply::Exchanged(_) | Reply::Closed => Err(Fault::Malformed),
        }
    }
}

/// Whether trying again would not help.
fn is_lasting(error: Errno) -> bool {
    [Errno::NOENT, Errno::ACCES, Errno::CONNREFUSED].contains(&error)
}

/// How long a reply may take that does not wait for anything, in milliseconds.
pub(super) const PATIENCE: u64 = 15_000;
