//! One command on the host: its frames, from the first to the last.
//!
//! Two connections at most. The *main* one always has an exchange on its way, which waits in the agent
//! for output. What comes in on standard input meanwhile goes by the *side* one at once. Where the
//! agent lets nothing wait, connections share one queue on their way to it, and only one of the two
//! is open at a time.
//!
//! Nothing depends on a connection: offsets are the only state, and a frame that is lost is sent again.

mod opening;
mod replies;
mod schedule;

use crate::connection::{Connection, Frame, Progress};
use crate::frame::{Exchanged, MAX_ERROR, MAX_FRAME, MAX_INPUT, MAX_REPLY, Request};
use crate::input::{Carried, Input};
use crate::line::Line;
use crate::output::{Closed, Output};
use crate::sys::{self, Descriptor, Errno, Watch};

/// A stream and everything that is on its way.
pub(crate) struct Stream<'a> {
    path: &'a [u8],
    id: [u8; 16],
    main: Connection,
    side: Connection,
    /// Where the main connection's replies come.
    arriving: &'static mut [u8],
    /// The reply that is being written out.
    shown: &'static mut [u8],
    /// Where the side connection's replies come.
    aside: &'static mut [u8],
    /// A reply of the main connection that came before the one before it was written out.
    held: Option<Exchanged>,
    input: Input,
    output: Output,
    error: Output,
    output_offset: u64,
    error_offset: u64,
    /// How long an exchange may wait, in milliseconds.
    wait: u16,
    /// When the agent was last heard of.
    heard_at: u64,
    /// Before this time nothing is asked unless there is input to send.
    rest_until: u64,
    /// Before this time nothing is asked at all.
    queue_until: u64,
    /// Whether the broker did not take all input that it was last sent.
    is_reluctant: bool,
    exit: Option<u8>,
    /// Whether the broker has said that it forgot the stream.
    is_closed: bool,
}

/// Why a stream did not come to its exit status.
pub(crate) enum Fault {
    /// It was refused, and the line is written.
    Refused,
    /// The agent socket cannot be opened.
    Unreachable(Errno),
    /// Nothing was heard of the agent for too long.
    Lost,
    /// What was heard makes no sense.
    Malformed,
    /// Nobody reads what the command says.
    Unread,
    /// The kernel gives no memory or no random bytes.
    Starved,
}

impl From<Closed> for Fault {
    fn from(Closed: Closed) -> Self {
        Self::Unread
    }
}

impl<'a> Stream<'a> {
    /// A stream through the socket at `path`, not open yet.
    pub(crate) fn new(path: &'a [u8], reads_input: bool) -> Result<Self, Fault> {
        let id = sys::random().map_err(|_| Fault::Starved)?;
        let [.., a, b, c, d] = id;
        let seed = u32::from_ne_bytes([a, b, c, d]);
        let memory = |length| sys::memory(length).map_err(|_| Fault::Starved);
        Ok(Self {
            path,
            id,
            main: Connection::new(memory(MAX_FRAME)?, seed),
            side: Connection::new(memory(MAX_FRAME)?, !seed),
            arriving: memory(MAX_REPLY)?,
            shown: memory(MAX_REPLY)?,
            aside: memory(MAX_ASIDE)?,
            held: None,
            input: Input::new(memory(MAX_INPUT)?, reads_input),
            output: Output::new(Descriptor::OUTPUT),
            error: Output::new(Descriptor::ERROR),
            output_offset: 0,
            error_offset: 0,
            wait: 0,
            heard_at: sys::now(),
            rest_until: 0,
            queue_until: 0,
            is_reluctant: false,
            exit: None,
            is_closed: false,
        })
    }

    /// Carries everything until the command has ended, and returns its exit status.
    pub(crate) fn carry(&mut self) -> Result<u8, Fault> {
        let ended = self.exchange();
        if matches!(ended, Ok(_) | Err(Fault::Unread)) {
            self.finish_close();
        }
        ended
    }

    fn exchange(&mut self) -> Result<u8, Fault> {
        loop {
            let now = sys::now();
            self.show(now);
            if let Some(status) = self.exit
                && self.is_written()
            {
                return Ok(status);
            }
            if self.exit.is_none() && now >= self.heard_at.saturating_add(LOST_AFTER) {
                return Err(Fault::Lost);
            }
            self.begin(now);
            self.pass(now)?;
        }
    }

    /// Waits until something can go on, and lets it.
    fn pass(&mut self, now: u64) -> Result<(), Fault> {
        let mut watches = [
            self.watch_input(now),
            self.output.watch(),
            self.error.watch(),
            self.main.watch(),
            self.side.watch(),
        ];
        let until = self.next_event();
        sys::poll(&mut watches, until.saturating_sub(now));
        let [input, output, error, main, side] = watches;
        let now = sys::now();
        if main.is_ready() || self.main.deadline().is_some_and(|time| now >= time) {
            self.hear_main(now)?;
        }
        if side.is_ready() || self.side.deadline().is_some_and(|time| now >= time) {
            self.hear_side(now);
        }
        if input.is_ready() {
            self.read_input();
        }
        if output.is_ready() {
            self.output.write(self.shown)?;
        }
        if error.is_ready() && self.error.write(self.shown).is_err() {
            self.error.set(0..0);
        }
        Ok(())
    }

    fn watch_input(&mut self, now: u64) -> Watch {
        if self.exit.is_some() || now < self.queue_until || self.input.room().is_empty() {
            return Watch::NOTHING;
        }
        Watch::readable(Descriptor::INPUT)
    }

    /// Input that cannot be read has ended.
    fn read_input(&mut self) {
        match sys::read(Descriptor::INPUT, self.input.room()) {
            Err(Errno::INTR | Errno::AGAIN) => {}
            count => self.input.read(count.unwrap_or_default()),
        }
    }

    fn is_written(&self) -> bool {
        self.output.is_done() && self.error.is_done()
    }

    /// Tells the broker to forget the stream, and does not wait for the answer yet.
    fn begin_close(&mut self, now: u64) {
        self.side.disconnect();
        if self.wait == 0 {
            self.main.disconnect();
        }
        let frame = Frame {
            path: self.path,
            stream: &self.id,
            request: Request::Close,
            carried: Carried::default(),
            patience: CLOSING,
        };
        self.main.begin(&frame, now);
    }

    /// Gives the frame that closes the stream a moment to be answered.
    fn finish_close(&mut self) {
        if self.exit.is_none() {
            self.main.disconnect();
        }
        let until = sys::now().saturating_add(CLOSING);
        while !self.is_closed {
            let now = sys::now();
            if self.main.is_idle() && now >= self.main.retry_at() {
                self.begin_close(now);
            }
            let next = self.main.deadline().unwrap_or(until).min(until);
            sys::poll(
                &mut [self.main.watch()],
                next.saturating_sub(now).min(CLOSE_RETRY),
            );
            let now = sys::now();
            let progress = self.main.advance(self.arriving, now);
            self.is_closed = !matches!(progress, Progress::None) || now >= until;
        }
    }
}

/// Writes a line to standard error.
pub(crate) fn say(mut line: Line) {
    let mut rest = line.finish();
    while !rest.is_empty() {
        match sys::write(Descriptor::ERROR, rest) {
            Err(Errno::INTR) => {}
            Ok(count) if count > 0 => rest = rest.get(count..).unwrap_or_default(),
            _ => break,
        }
    }
}

/// The longest reply on the side connection, which has no room for output.
const MAX_ASIDE: usize = MAX_ERROR + 512;
/// How long nothing may be heard of the agent, in milliseconds.
const LOST_AFTER: u64 = 60_000;
/// How long the last frame may take, in milliseconds.
const CLOSING: u64 = 250;
/// How long a try to send it takes at least, in milliseconds.
const CLOSE_RETRY: u64 = 10;
