//! A connection to the agent socket, one frame and its reply at a time.
//!
//! Whatever happens to it, the frame is dropped and may be sent again later: nothing is remembered
//! here but when.

use crate::backoff::Backoff;
use crate::frame::Request;
use crate::input::Carried;
use crate::sys::{Errno, Socket, Watch};

/// A connection, open or not.
pub(crate) struct Connection {
    socket: Option<Socket>,
    /// Whether this socket has brought a reply.
    proven: bool,
    frame: &'static mut [u8],
    /// The frame's length.
    length: usize,
    /// How much of the frame is sent, then how much of its reply has come.
    done: usize,
    state: State,
    carried: Carried,
    patience: u64,
    deadline: u64,
    backoff: Backoff,
    retry_at: u64,
    error: Option<Errno>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Idle,
    Sending,
    Receiving,
}

/// What has become of a frame.
pub(crate) enum Progress {
    /// It is on its way, or was lost.
    None,
    /// Its reply is the buffer's bytes from the fifth up to this one.
    Reply(usize),
    /// What came is no reply.
    Malformed,
}

impl Connection {
    /// A connection that is not open. Frames are kept in `frame`.
    pub(crate) fn new(frame: &'static mut [u8], seed: u32) -> Self {
        Self {
            socket: None,
            proven: false,
            frame,
            length: 0,
            done: 0,
            state: State::Idle,
            carried: Carried::default(),
            patience: 0,
            deadline: 0,
            backoff: Backoff::new(seed),
            retry_at: 0,
            error: None,
        }
    }

    /// Sends a frame whose reply may take `patience` milliseconds to go on, and opens the connection
    /// if need be.
    pub(crate) fn begin(&mut self, call: &Frame<'_>, now: u64) {
        let Some(length) = call.request.encode(call.stream, self.frame) else {
            return self.fail(now);
        };
        if self.socket.is_none() {
            match Socket::connect(call.path) {
                Ok(socket) => self.socket = Some(socket),
                Err(error) => {
                    self.error = Some(error);
                    return self.fail(now);
                }
            }
        }
        self.length = length;
        self.done = 0;
        self.carried = call.carried;
        self.patience = call.patience;
        self.state = State::Sending;
        self.touch(now);
        self.send(now);
    }

    /// Goes on as far as it goes without waiting. The reply is put into `buffer`.
    pub(crate) fn advance(&mut self, buffer: &mut [u8], now: u64) -> Progress {
        if self.state == State::Sending {
            self.send(now);
        }
        if self.state == State::Receiving {
            return self.receive(buffer, now);
        }
        if now >= self.deadline && self.state != State::Idle {
            self.fail(now);
        }
        Progress::None
    }

    /// Says that the reply was a good one.
    pub(crate) fn praise(&mut self) {
        self.proven = true;
        self.backoff.reset();
    }

    /// Gives the frame and the connection up, to try again soon; at once if the connection has worked,
    /// since some are cut after a time of their own.
    pub(crate) fn fail(&mut self, now: u64) {
        let delay = if self.proven { 0 } else { self.backoff.delay() };
        self.disconnect();
        self.retry_at = now.saturating_add(delay);
    }

    /// Closes the connection and forgets the frame.
    pub(crate) fn disconnect(&mut self) {
        self.socket = None;
        self.proven = false;
        self.state = State::Idle;
    }

    /// Rests until a time.
    pub(crate) fn rest(&mut self, until: u64) {
        self.retry_at = self.retry_at.max(until);
    }

    /// Whether no frame is on its way.
    pub(crate) fn is_idle(&self) -> bool {
        self.state == State::Idle
    }

    /// Whether the last try failed.
    pub(crate) fn is_failing(&self) -> bool {
        self.backoff.is_failing()
    }

    /// What the frame on its way carries.
    pub(crate) fn carried(&self) -> Carried {
        match self.state {
            State::Idle => Carried::default(),
            State::Sending | State::Receiving => self.carried,
        }
    }

    /// What the last frame carried.
    pub(crate) fn last_carried(&self) -> Carried {
        self.carried
    }

    /// When the next frame may be sent.
    pub(crate) fn retry_at(&self) -> u64 {
        self.retry_at
    }

    /// When the frame on its way is given up.
    pub(crate) fn deadline(&self) -> Option<u64> {
        (self.state != State::Idle).then_some(self.deadline)
    }

    /// Why it could not be opened the last time that it could not.
    pub(crate) fn error(&self) -> Option<Errno> {
        self.error
    }

    /// What to wait for.
    pub(crate) fn watch(&self) -> Watch {
        match (&self.socket, self.state) {
            (Some(socket), State::Sending) => Watch::writable(socket.descriptor()),
            (Some(socket), State::Receiving) => Watch::readable(socket.descriptor()),
            _ => Watch::NOTHING,
        }
    }

    fn touch(&mut self, now: u64) {
        self.deadline = now.saturating_add(self.patience);
    }

    fn send(&mut self, now: u64) {
        while let Some(socket) = &self.socket {
            let rest = self.frame.get(self.done..self.length).unwrap_or_default();
            if rest.is_empty() {
                self.state = State::Receiving;
                self.done = 0;
                return;
            }
            match socket.send(rest) {
                Ok(count) => {
                    self.done = self.done.saturating_add(count);
                    self.touch(now);
                }
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return,
                Err(_) => return self.fail(now),
            }
        }
    }

    fn receive(&mut self, buffer: &mut [u8], now: u64) -> Progress {
        while let Some(socket) = &self.socket {
            let room = buffer.get_mut(self.done..).unwrap_or_default();
            match socket.receive(room) {
                Ok(0) => {
                    self.fail(now);
                    break;
                }
                Ok(count) => {
                    self.done = self.done.saturating_add(count);
                    self.touch(now);
                }
                Err(Errno::INTR) => continue,
                Err(Errno::AGAIN) => {
                    if now >= self.deadline {
                        self.fail(now);
                    }
                    break;
                }
                Err(_) => {
                    self.fail(now);
                    break;
                }
            }
            match announced(buffer, self.done) {
                Some(end) if end > buffer.len() || end < self.done => return Progress::Malformed,
                Some(end) if end == self.done => {
                    self.state = State::Idle;
                    return Progress::Reply(end);
                }
                _ => {}
            }
        }
        Progress::None
    }
}

/// A frame to be sent.
pub(crate) struct Frame<'a> {
    /// The agent socket.
    pub(crate) path: &'a [u8],
    /// The stream's name.
    pub(crate) stream: &'a [u8; 16],
    /// What to say.
    pub(crate) request: Request<'a>,
    /// The input in it.
    pub(crate) carried: Carried,
    /// How long nothing may come back, in milliseconds.
    pub(crate) patience: u64,
}

/// Where the message in the buffer ends, once its length is there.
fn announced(buffer: &[u8], received: usize) -> Option<usize> {
    let word = buffer.get(..received)?.first_chunk()?;
    let length = usize::try_from(u32::from_be_bytes(*word)).ok()?;
    length.checked_add(4)
}
