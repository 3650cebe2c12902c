//! An agent with one command, on a socket of its own, that can misbehave.

mod command;

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use keystay_proto::agent::{Request as AgentRequest, SignRequest};
use keystay_proto::tunnel::{Reply, Request, StreamId, stream_of};
use tempfile::TempDir;

use command::Program;

/// What the agent does, and how badly.
#[derive(Clone, Default)]
pub(crate) struct Habits {
    /// How long an exchange may wait, in milliseconds.
    pub(crate) wait: u16,
    /// The pause in every reply that has nothing to tell.
    pub(crate) pause: u16,
    /// The pause in the first reply to an exchange.
    pub(crate) first_pause: u16,
    /// Answers `Open` so.
    pub(crate) refusal: Option<&'static [u8]>,
    /// Closes every connection so long after it was accepted.
    pub(crate) cut_after: Option<Duration>,
    /// Of so many replies, sends one half and closes the connection.
    pub(crate) halves_every: Option<usize>,
    /// Closes at once what comes while another connection is open.
    pub(crate) takes_one: bool,
    /// Closes so many connections at once.
    pub(crate) closes_first: usize,
    /// Answers so many requests with a failure.
    pub(crate) fails_first: usize,
    /// Answers one request at a time, whatever the connection.
    pub(crate) serial: bool,
    /// Sends these bytes instead of every reply.
    pub(crate) garbage: Option<Vec<u8>>,
    /// Sends these bytes instead of replies to exchanges.
    pub(crate) later_garbage: Option<Vec<u8>>,
    /// Takes no more input at a time.
    pub(crate) takes: Option<usize>,
    /// Refuses the stream when nothing was heard of it for so long.
    pub(crate) lease: Option<Duration>,
}

/// What the command on the host does.
#[derive(Clone, Default)]
pub(crate) struct Script {
    /// What it says first.
    pub(crate) output: Arc<Vec<u8>>,
    /// What it says on standard error.
    pub(crate) error: Vec<u8>,
    /// Whether it repeats its input; it ends with it.
    pub(crate) echoes: bool,
    /// Its exit status; it never ends without one.
    pub(crate) status: Option<u8>,
    /// A real program to run instead, with its arguments.
    pub(crate) program: Vec<String>,
}

/// The agent, until it is dropped.
pub(crate) struct Agent {
    folder: TempDir,
    shared: Arc<Shared>,
}

struct Shared {
    habits: Habits,
    script: Script,
    seen: Mutex<Seen>,
    changed: Condvar,
    queue: Mutex<()>,
}

/// What the agent has seen.
#[derive(Default)]
pub(crate) struct Seen {
    /// What was opened: user, host, port, command, protocol.
    pub(crate) opened: Vec<(String, String, u16, String, String)>,
    /// The names of streams.
    pub(crate) streams: Vec<StreamId>,
    /// All input.
    pub(crate) input: Vec<u8>,
    /// When input came.
    pub(crate) input_times: Vec<Instant>,
    /// Whether input has ended.
    pub(crate) input_ended: bool,
    /// How many exchanges there were.
    pub(crate) exchanges: usize,
    /// How many of them had no room for output.
    pub(crate) roomless: usize,
    /// Whether the stream was closed.
    pub(crate) closed: bool,
    /// How many connections there were.
    pub(crate) connections: usize,
    /// How many there are.
    pub(crate) open: usize,
    /// How many there were at the same time.
    pub(crate) most_open: usize,
    output: Vec<u8>,
    program: Option<Program>,
    heard: Option<Instant>,
    replies: usize,
}

impl Agent {
    /// An agent that runs `script`.
    pub(crate) fn new(habits: Habits, script: Script) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let listener = UnixListener::bind(folder.path().join("agent")).unwrap();
        let shared = Arc::new(Shared {
            habits,
            script,
            seen: Mutex::default(),
            changed: Condvar::new(),
            queue: Mutex::default(),
        });
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = Arc::clone(&serving);
                thread::spawn(move || shared.connection(stream.unwrap()));
            }
        });
        Self { folder, shared }
    }

    /// Its socket.
    pub(crate) fn socket(&self) -> PathBuf {
        self.folder.path().join("agent")
    }

    /// What it has seen so far.
    pub(crate) fn seen(&self) -> MutexGuard<'_, Seen> {
        self.shared.seen.lock().unwrap()
    }

    /// Waits until something was seen.
    #[track_caller]
    pub(crate) fn await_seen(&self, found: impl Fn(&Seen) -> bool) {
        let limit = Duration::from_secs(10);
        let wait = |seen| {
            self.shared
                .changed
                .wait_timeout_while(seen, limit, |seen| !found(seen))
        };
        let (seen, result) = wait(self.seen()).unwrap();
        drop(seen);
        assert!(!result.timed_out(), "it was not seen");
    }
}

impl Shared {
    fn connection(self: &Arc<Self>, stream: UnixStream) {
        let mut seen = self.seen.lock().unwrap();
        seen.connections += 1;
        let refused =
            self.habits.takes_one && seen.open > 0 || seen.connections <= self.habits.closes_first;
        if refused {
            return;
        }
        seen.open += 1;
        seen.most_open = seen.most_open.max(seen.open);
        drop(seen);
        if let Some(time) = self.habits.cut_after {
            let stream = stream.try_clone().unwrap();
            thread::spawn(move || {
                thread::sleep(time);
                drop(stream.shutdown(Shutdown::Both));
            });
        }
        self.serve(stream);
        self.seen.lock().unwrap().open -= 1;
        self.changed.notify_all();
    }

    /// Ends when the connection does, from whichever side.
    fn serve(self: &Arc<Self>, mut stream: UnixStream) -> Option<()> {
        loop {
            let mut word = [0; 4];
            stream.read_exact(&mut word).ok()?;
            let mut body = vec![0; usize::try_from(u32::from_be_bytes(word)).unwrap()];
            stream.read_exact(&mut body).ok()?;
            let AgentRequest::SignRequest(sign) = AgentRequest::decode(&body).unwrap() else {
                panic!("not a request to sign");
            };
            let queue = self.habits.serial.then(|| self.queue.lock().unwrap());
            let message = self.message(&sign);
            drop(queue);
            let mut whole = u32::try_from(message.len()).unwrap().to_be_bytes().to_vec();
            whole.extend_from_slice(&message);
            let number = {
                let mut seen = self.seen.lock().unwrap();
                seen.replies += 1;
                seen.replies
            };
            if self
                .habits
                .halves_every
                .is_some_and(|every| number % every == 0)
            {
                stream.write_all(&whole[..whole.len() / 2]).ok()?;
                return None;
            }
            stream.write_all(&whole).ok()?;
        }
    }

    fn message(self: &Arc<Self>, sign: &SignRequest<'_>) -> Vec<u8> {
        if let Some(garbage) = &self.habits.garbage {
            return garbage.clone();
        }
        if self.seen.lock().unwrap().replies < self.habits.fails_first {
            return vec![5];
        }
        let request = Request::decode(sign.data).unwrap();
        let mut signature = Vec::new();
        self.note(stream_of(sign.key_blob).unwrap(), &request);
        match &request {
            Request::Open(_) => match self.habits.refusal {
                Some(message) => Reply::Refused { message }.encode(&mut signature),
                None => Reply::Opened {
                    wait: self.habits.wait,
                }
                .encode(&mut signature),
            },
            Request::Exchange(exchange) => {
                if let Some(garbage) = &self.habits.later_garbage {
                    return garbage.clone();
                }
                self.exchange(exchange, &mut signature);
            }
            Request::Close => Reply::Closed.encode(&mut signature),
        }
        self.changed.notify_all();
        let mut message = vec![14];
        message.extend_from_slice(&u32::try_from(signature.len()).unwrap().to_be_bytes());
        message.extend_from_slice(&signature);
        message
    }

    fn note(self: &Arc<Self>, stream: StreamId, request: &Request<'_>) {
        let mut seen = self.seen.lock().unwrap();
        if !seen.streams.contains(&stream) {
            seen.streams.push(stream);
        }
        match request {
            Request::Open(open) => {
                let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                seen.opened.push((
                    text(open.user),
                    text(open.host),
                    open.port,
                    text(open.command),
                    text(open.git_protocol),
                ));
                if seen.opened.len() == 1 {
                    seen.output = self.script.output.to_vec();
                    seen.program = self.start();
                }
            }
            Request::Exchange(exchange) => self.take(&mut seen, exchange),
            Request::Close => seen.closed = true,
        }
        self.changed.notify_all();
    }
}
