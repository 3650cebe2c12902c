//! The command on the host, as exchanges see it.

use std::io::{Read, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use keystay_proto::limits::{MAX_TUNNEL_ERROR, MAX_TUNNEL_OUTPUT};
use keystay_proto::tunnel::{Exchange, Exit, Reply};

use super::{Seen, Shared};

/// A real program that runs.
pub(super) struct Program {
    stdin: Option<ChildStdin>,
    has_ended: bool,
}

impl Shared {
    pub(super) fn take(&self, seen: &mut Seen, exchange: &Exchange<'_>) {
        seen.exchanges += 1;
        seen.roomless += usize::from(exchange.room == 0);
        let known = seen.input.len() - usize::try_from(exchange.input_offset).unwrap();
        let fresh = exchange.input.get(known..).unwrap_or_default();
        let taken = &fresh[..fresh.len().min(self.habits.takes.unwrap_or(usize::MAX))];
        if !taken.is_empty() {
            assert!(!seen.input_ended);
            seen.input.extend_from_slice(taken);
            seen.input_times.push(Instant::now());
            if self.script.echoes {
                seen.output.extend_from_slice(taken);
            }
            if let Some(program) = &mut seen.program {
                program.stdin.as_mut().unwrap().write_all(taken).unwrap();
            }
        }
        seen.input_ended |= exchange.input_ends && taken.len() == fresh.len();
        if let Some(program) = seen.program.as_mut().filter(|_| exchange.input_ends) {
            program.stdin = None;
        }
    }

    /// Starts the real program, and a thread that reads what it says.
    pub(super) fn start(self: &Arc<Self>) -> Option<Program> {
        let (program, arguments) = self.script.program.split_first()?;
        let mut child = Command::new(program)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take();
        let shared = Arc::clone(self);
        thread::spawn(move || shared.read(child));
        Some(Program {
            stdin,
            has_ended: false,
        })
    }

    fn read(&self, mut child: Child) {
        let mut buffer = vec![0; 65_536];
        let mut stdout = child.stdout.take().unwrap();
        loop {
            let count = stdout.read(&mut buffer).unwrap();
            let mut seen = self.seen.lock().unwrap();
            seen.output.extend_from_slice(&buffer[..count]);
            self.changed.notify_all();
            if count == 0 {
                assert!(child.wait().unwrap().success());
                seen.program.as_mut().unwrap().has_ended = true;
                break;
            }
        }
    }

    pub(super) fn exchange(&self, exchange: &Exchange<'_>, signature: &mut Vec<u8>) {
        let seen = self.seen.lock().unwrap();
        let pauses = self.habits.first_pause > 0 && seen.exchanges == 1;
        let wait = if pauses { 0 } else { exchange.wait };
        let wait = Duration::from_millis(u64::from(wait.min(self.habits.wait)));
        let is_idle = |seen: &mut Seen| self.is_idle(seen, exchange);
        let (mut seen, _) = self
            .changed
            .wait_timeout_while(seen, wait, is_idle)
            .unwrap();
        let late = self.habits.lease.zip(seen.heard);
        if late.is_some_and(|(lease, heard)| heard.elapsed() > lease) {
            let message = b"the lease is over";
            return Reply::Refused { message }.encode(signature);
        }
        seen.heard = Some(Instant::now());
        let (output, error, ends) = self.left(&seen, exchange);
        let output = &output[..output.len().min(usize::try_from(exchange.room).unwrap())];
        let first_error = &error[..error.len().min(MAX_TUNNEL_ERROR)];
        assert!(output.len() <= MAX_TUNNEL_OUTPUT);
        let says_all = ends && exchange_ends(&seen, exchange, output, first_error, error);
        let is_first = seen.exchanges == 1;
        let is_empty = output.is_empty() && first_error.is_empty();
        Reply::Exchanged {
            input_offset: u64::try_from(seen.input.len()).unwrap(),
            output,
            error: first_error,
            exit: says_all.then_some(Exit(self.script.status.unwrap_or_default())),
            pause: match (is_first, is_empty) {
                (true, _) => self.habits.first_pause,
                (false, true) => self.habits.pause,
                (false, false) => 0,
            },
        }
        .encode(signature);
    }

    /// Output and error that were not received, and whether nothing follows them.
    fn left<'a>(&'a self, seen: &'a Seen, exchange: &Exchange<'_>) -> (&'a [u8], &'a [u8], bool) {
        let output = &seen.output[usize::try_from(exchange.output_offset).unwrap()..];
        let error = &self.script.error[usize::try_from(exchange.error_offset).unwrap()..];
        let ends = match &seen.program {
            Some(program) => program.has_ended,
            None => self.script.status.is_some() && (!self.script.echoes || seen.input_ended),
        };
        (output, error, ends)
    }

    fn is_idle(&self, seen: &Seen, exchange: &Exchange<'_>) -> bool {
        let (output, error, ends) = self.left(seen, exchange);
        (output.is_empty() || exchange.room == 0) && error.is_empty() && !ends
    }
}

fn exchange_ends(
    seen: &Seen,
    exchange: &Exchange<'_>,
    output: &[u8],
    first_error: &[u8],
    error: &[u8],
) -> bool {
    let upto = usize::try_from(exchange.output_offset).unwrap() + output.len();
    upto == seen.output.len() && first_error.len() == error.len()
}
