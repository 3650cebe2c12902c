//! One stream: what it holds, and how frames change it.

mod life;

use std::{
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::Waker,
    time::Duration,
};

use keystay_proto::{
    control::Transport,
    limits::{MAX_TUNNEL_ERROR, MAX_TUNNEL_OUTPUT},
    tunnel::{Exchange, Exit, Reply},
};
use tokio::{
    sync::{Notify, watch},
    time::{Instant, timeout},
};

pub(crate) use life::Abandoned;

use super::{
    Memory,
    kept::{Kept, length},
};

/// What one `ssh` inside a step is to git.
#[derive(Debug)]
pub(crate) struct Stream {
    transport: Transport,
    memory: Arc<Memory>,
    /// The frame that opened it.
    opened: Vec<u8>,
    progress: Mutex<Progress>,
    /// Told when there may be something for the shim.
    news: Notify,
    closed: watch::Sender<bool>,
}

/// How far a stream is.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) input: Kept,
    pub(super) input_ended: bool,
    pub(super) output: Kept,
    pub(super) error: Kept,
    pub(super) reader: Option<Waker>,
    pub(super) writer: Option<Waker>,
    exit: Option<u8>,
    queued: bool,
    /// Replies in a row that had nothing to tell.
    empty: u32,
    /// When the shim spoke last.
    seen: Instant,
    /// When a byte moved last.
    moved: Instant,
}

impl Stream {
    pub(super) fn new(transport: Transport, memory: &Arc<Memory>, opened: &[u8]) -> Arc<Self> {
        let now = Instant::now();
        Arc::new(Self {
            transport,
            memory: Arc::clone(memory),
            opened: opened.to_vec(),
            progress: Mutex::new(Progress {
                input: Kept::new(memory),
                input_ended: false,
                output: Kept::new(memory),
                error: Kept::new(memory),
                reader: None,
                writer: None,
                exit: None,
                queued: true,
                empty: 0,
                seen: now,
                moved: now,
            }),
            news: Notify::new(),
            closed: watch::Sender::new(false),
        })
    }

    /// Whether this frame opened it.
    pub(super) fn is_opened_by(&self, frame: &[u8]) -> bool {
        self.opened == frame
    }

    /// Serves one exchange: takes its bytes, and replies with what there is, waiting for a while if
    /// there is nothing. A frame that comes a second time changes nothing.
    pub(crate) async fn exchange(&self, exchange: &Exchange<'_>) -> Vec<u8> {
        self.take(exchange);
        let wait = Duration::from_millis(exchange.wait.into()).min(self.longest_wait());
        let told = async {
            loop {
                let news = self.news.notified();
                if self.has_news(exchange) {
                    return;
                }
                news.await;
            }
        };
        if !wait.is_zero() {
            // Nothing to tell is an answer too.
            let _ = timeout(wait, told).await;
        }
        self.reply(exchange)
    }

    /// The broker begins to work for it.
    pub(crate) fn start(&self) {
        self.change(|progress| progress.queued = false);
    }

    /// The command has ended; what it said is still to be delivered.
    pub(crate) fn finish(&self, exit: u8) {
        self.change(|progress| {
            progress.exit = Some(exit);
            // Its shim has as long to take the end as any byte.
            progress.moved = Instant::now();
        });
        self.tell();
    }

    /// The command could not be run, or not to its end: the step is told why, and gets the status
    /// that `ssh` ends with then.
    pub(crate) fn fail(&self, why: &str) {
        let line = format!("keystay: {why}\n");
        self.change(|progress| progress.error.push(line.as_bytes()));
        self.finish(SSH_FAILED);
    }

    /// Whether the command has ended, or was given up for a reason that the step is told.
    pub(crate) fn is_finished(&self) -> bool {
        self.progress().exit.is_some()
    }

    pub(super) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells a waiting exchange that there may be something for it.
    pub(super) fn tell(&self) {
        self.news.notify_waiters();
    }

    fn change<T>(&self, change: impl FnOnce(&mut Progress) -> T) -> T {
        change(&mut self.progress())
    }

    fn take(&self, exchange: &Exchange<'_>) {
        let waker = self.change(|progress| {
            progress.seen = Instant::now();
            let before = (progress.input.end(), progress.input_ended);
            // What waits for its turn costs no memory: the shim keeps its bytes.
            let most = if progress.queued { 0 } else { INPUT_ROOM };
            let input = &mut progress.input;
            input.push_at(exchange.input_offset, exchange.input, most);
            let whole = exchange
                .input_offset
                .checked_add(length(exchange.input.len()));
            progress.input_ended |= exchange.input_ends && whole == Some(progress.input.end());
            // A frame without room only sends: its places may be older than those of a reply that
            // is on its way.
            let mut wakers = [None, None];
            if exchange.room > 0 {
                progress.output.forget(exchange.output_offset);
                progress.error.forget(exchange.error_offset);
                wakers[1] = progress.writer.take();
            }
            if (progress.input.end(), progress.input_ended) != before {
                progress.moved = progress.seen;
                wakers[0] = progress.reader.take();
            }
            wakers
        });
        waker.into_iter().flatten().for_each(Waker::wake);
    }

    fn has_news(&self, exchange: &Exchange<'_>) -> bool {
        let progress = self.progress();
        let output = progress.output.end() > exchange.output_offset;
        let error = progress.error.end() > exchange.error_offset;
        (exchange.room > 0 && (output || error || progress.exit.is_some())) || progress.queued
    }

    fn reply(&self, exchange: &Exchange<'_>) -> Vec<u8> {
        let mut progress = self.progress();
        // Many connections may ask and not read what they are told, of the same stream too.
        let room = usize::try_from(exchange.room).unwrap_or(usize::MAX);
        let room = room.min(self.memory.share());
        let (output_from, error_from) = (exchange.output_offset, exchange.error_offset);
        let output = progress
            .output
            .from(output_from, room.min(MAX_TUNNEL_OUTPUT));
        let error = progress.error.from(error_from, room.min(MAX_TUNNEL_ERROR));
        let is_whole = output_from.saturating_add(length(output.len())) == progress.output.end()
            && error_from.saturating_add(length(error.len())) == progress.error.end();
        let exit = progress.exit.filter(|_| is_whole && room > 0).map(Exit);
        let is_empty = output.is_empty() && error.is_empty() && exit.is_none();
        let reply = Reply::Exchanged {
            input_offset: progress.input.end(),
            output,
            error,
            exit,
            pause: if is_empty { self.pause(&progress) } else { 0 },
        };
        let mut body = Vec::with_capacity(output.len().saturating_add(MAX_TUNNEL_ERROR));
        reply.encode(&mut body);
        if is_empty {
            progress.empty = progress.empty.saturating_add(1);
        } else {
            progress.empty = 0;
            progress.moved = Instant::now();
        }
        body
    }

    /// How long the shim waits before it asks again for nothing but news, in milliseconds.
    fn pause(&self, progress: &Progress) -> u16 {
        match self.transport {
            _ if progress.queued => QUEUED_PAUSE,
            Transport::Streams => 0,
            Transport::Shared => SHARED_PAUSE
                .saturating_mul(1 << progress.empty.min(4))
                .min(MAX_SHARED_PAUSE),
        }
    }

    fn longest_wait(&self) -> Duration {
        match self.transport {
            Transport::Streams => LONGEST_WAIT,
            Transport::Shared => Duration::ZERO,
        }
    }
}

/// What `ssh` ends with after an error of its own (ssh(1), under `EXIT STATUS`).
const SSH_FAILED: u8 = 255;
/// How long an exchange may wait for something to tell. A client that leaves is noticed only after
/// the reply.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(1);
/// How much standard input is kept for the broker.
const INPUT_ROOM: usize = 256 * 1024;
/// The pause of a stream that waits for its turn, in milliseconds.
const QUEUED_PAUSE: u16 = 300;
/// The first pause and the longest where connections are shared, in milliseconds.
const SHARED_PAUSE: u16 = 5;
const MAX_SHARED_PAUSE: u16 = 80;

#[cfg(test)]
mod tests;
