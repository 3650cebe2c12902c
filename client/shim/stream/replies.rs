//! What the broker says.

use core::{mem, ops::Range};

use super::{Fault, Stream, say};
use crate::connection::Progress;
use crate::frame::{Exchanged, Reply};
use crate::line::Line;

impl Stream<'_> {
    /// Goes on with the main connection. Its reply is held until there is nothing left to write.
    pub(super) fn hear_main(&mut self, now: u64) -> Result<(), Fault> {
        let end = match self.main.advance(self.arriving, now) {
            Progress::None => return Ok(()),
            Progress::Malformed => return Err(Fault::Malformed),
            Progress::Reply(end) => end,
        };
        if self.exit.is_some() {
            self.is_closed = true;
            return Ok(());
        }
        match self.decode_main(end)? {
            Reply::Exchanged(exchanged) => {
                self.main.praise();
                let carried = self.main.last_carried();
                if !self.input.taken(exchanged.input_offset, carried) {
                    return Err(Fault::Malformed);
                }
                self.is_reluctant = carried.exceeds(exchanged.input_offset);
                self.pause(&exchanged, now);
                self.held = Some(exchanged);
                Ok(())
            }
            Reply::Refused { message } => Err(self.refused(message)),
            Reply::Failure => {
                self.main.fail(now);
                Ok(())
            }
            Reply::Opened { .. } | Reply::Closed => Err(Fault::Malformed),
        }
    }

    /// Goes on with the side connection. Only what it says of input counts: all else it may say, the
    /// main connection will be told too.
    pub(super) fn hear_side(&mut self, now: u64) {
        let end = match self.side.advance(self.aside, now) {
            Progress::None => return,
            Progress::Malformed => return self.side.fail(now),
            Progress::Reply(end) => end,
        };
        let Some(Reply::Exchanged(exchanged)) = Reply::decode(message(self.aside, end)) else {
            return self.side.fail(now);
        };
        let carried = self.side.last_carried();
        if !self.input.taken(exchanged.input_offset, carried) {
            return self.side.fail(now);
        }
        self.side.praise();
        self.heard_at = self.heard_at.max(now);
        self.is_reluctant = carried.exceeds(exchanged.input_offset);
        if self.is_reluctant {
            self.side.rest(now.saturating_add(INPUT_REST));
        }
    }

    /// Shows the reply that is held, if what came before it is written out.
    pub(super) fn show(&mut self, now: u64) {
        if !self.is_written() {
            return;
        }
        let Some(held) = self.held.take() else { return };
        mem::swap(&mut self.arriving, &mut self.shown);
        self.output_offset = advance(self.output_offset, &held.output);
        self.error_offset = advance(self.error_offset, &held.error);
        self.output.set(in_buffer(held.output));
        self.error.set(in_buffer(held.error));
        self.exit = held.exit;
        if self.exit.is_some() {
            self.begin_close(now);
        }
    }

    pub(super) fn decode_main(&self, end: usize) -> Result<Reply, Fault> {
        Reply::decode(message(self.arriving, end)).ok_or(Fault::Malformed)
    }

    /// Writes why.
    pub(super) fn refused(&self, why: Range<usize>) -> Fault {
        let why = self.arriving.get(in_buffer(why)).unwrap_or_default();
        say(Line::new().add(why));
        Fault::Refused
    }

    /// The agent that asks for a long pause has a queue, and needs the connections for others.
    fn pause(&mut self, exchanged: &Exchanged, now: u64) {
        let pause = u64::from(exchanged.pause);
        let until = now.saturating_add(pause);
        self.heard_at = now;
        if pause >= LONG_PAUSE && exchanged.exit.is_none() {
            self.queue_until = until;
            self.heard_at = until;
            self.main.disconnect();
            self.side.disconnect();
        } else if exchanged.output.is_empty() && exchanged.error.is_empty() {
            self.rest_until = until.max(now.saturating_add(1));
            if self.is_reluctant {
                self.main.rest(now.saturating_add(INPUT_REST));
            }
        }
    }
}

fn message(buffer: &[u8], end: usize) -> &[u8] {
    buffer.get(LENGTH_WORD..end).unwrap_or_default()
}

fn in_buffer(range: Range<usize>) -> Range<usize> {
    range.start.saturating_add(LENGTH_WORD)..range.end.saturating_add(LENGTH_WORD)
}

fn advance(offset: u64, by: &Range<usize>) -> u64 {
    offset.saturating_add(u64::try_from(by.len()).unwrap_or_default())
}

const LENGTH_WORD: usize = 4;
/// A pause from which on connections are closed meanwhile, in milliseconds.
const LONG_PAUSE: u64 = 100;
/// How long a broker that did not take all input is left alone, in milliseconds.
const INPUT_REST: u64 = 20;
