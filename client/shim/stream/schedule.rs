//! What is sent when.

use super::opening::PATIENCE;
use super::{LOST_AFTER, Stream};
use crate::connection::Frame;
use crate::frame::{Exchange, MAX_OUTPUT, Request};
use crate::input::Carried;

impl Stream<'_> {
    /// Sends what is due.
    pub(super) fn begin(&mut self, now: u64) {
        if self.main_due().is_some_and(|time| now >= time) {
            self.begin_main(now);
        }
        if self.side_due().is_some_and(|time| now >= time) {
            self.begin_side(now);
        }
    }

    /// When something is to be done even if nothing happens before.
    pub(super) fn next_event(&self) -> u64 {
        let lost = self.heard_at.saturating_add(LOST_AFTER);
        [
            self.main_due(),
            self.side_due(),
            self.main.deadline(),
            self.side.deadline(),
        ]
        .into_iter()
        .flatten()
        .fold(lost, u64::min)
    }

    fn main_due(&self) -> Option<u64> {
        let is_free = self.main.is_idle() && self.held.is_none() && self.exit.is_none();
        if !is_free || self.is_alone() && !self.side.is_idle() {
            return None;
        }
        let rest = if self.has_input() { 0 } else { self.rest_until };
        Some(self.main.retry_at().max(self.queue_until).max(rest))
    }

    /// The side connection takes input past a main one that is waiting, and shows that the stream is
    /// alive while nobody reads its output.
    fn side_due(&self) -> Option<u64> {
        let is_free = self.side.is_idle() && self.exit.is_none();
        let is_needed = self.held.is_some() || !self.is_alone() && !self.main.is_idle();
        if !is_free || !is_needed {
            return None;
        }
        let time = match (self.has_input(), &self.held) {
            (true, _) => 0,
            (false, Some(_)) => self.heard_at.saturating_add(KEEP_ALIVE),
            (false, None) => return None,
        };
        Some(self.side.retry_at().max(self.queue_until).max(time))
    }

    fn begin_main(&mut self, now: u64) {
        if self.is_alone() {
            self.side.disconnect();
        }
        let by_main = self.is_alone() || self.side.is_failing() || !self.is_reluctant;
        let wait = if self.side.is_failing() {
            self.wait.min(WAIT_WITHOUT_SIDE)
        } else {
            self.wait
        };
        self.send(Way::Main, by_main && self.has_input(), wait, now);
    }

    fn begin_side(&mut self, now: u64) {
        if self.is_alone() {
            self.main.disconnect();
        }
        self.send(Way::Side, true, 0, now);
    }

    fn send(&mut self, way: Way, with_input: bool, wait: u16, now: u64) {
        let (connection, room) = match way {
            Way::Main => (&mut self.main, MAX_OUTPUT),
            Way::Side => (&mut self.side, 0),
        };
        let (input, carried) = if with_input {
            (self.input.all(), self.input.carried())
        } else {
            (self.input.none(), Carried::default())
        };
        let exchange = Exchange {
            input_offset: input.offset,
            input: input.bytes,
            input_ends: input.ends,
            output_offset: self.output_offset,
            error_offset: self.error_offset,
            room,
            wait,
        };
        let frame = Frame {
            path: self.path,
            stream: &self.id,
            request: Request::Exchange(exchange),
            carried,
            patience: PATIENCE.saturating_add(u64::from(wait)),
        };
        connection.begin(&frame, now);
    }

    fn has_input(&self) -> bool {
        self.input
            .waits(self.main.carried().or(self.side.carried()))
    }

    /// Whether connections share one queue, so that one must do.
    fn is_alone(&self) -> bool {
        self.wait == 0
    }
}

#[derive(Clone, Copy)]
enum Way {
    Main,
    Side,
}

/// How long nothing may be said while a reply is held, in milliseconds; well below the agent's lease.
const KEEP_ALIVE: u64 = 5_000;
/// How long an exchange waits while input has no way of its own, in milliseconds.
const WAIT_WITHOUT_SIDE: u16 = 100;
