//! One command on one channel: up to its first output, then bytes both ways.

use std::{
    future::pending,
    pin::pin,
    task::{Context, Waker},
    time::Duration,
};

use keystay_proto::git::{Service, Wants};
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf, client::Msg};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    select,
    time::timeout,
};

use super::{Errand, plain::Plain, pool::Lease};

/// What a fetch has moved, over all tries.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) wants: Wants,
    /// Bytes of output that the build got.
    pub(super) bytes: u64,
    /// What the build sent before any output, to be sent again to the next try.
    replay: Vec<u8>,
    input_ended: bool,
}

/// A command that runs on a channel, which is closed when it is dropped.
pub(super) struct Exchange<'a> {
    lease: &'a mut Lease,
    up: ChannelWriteHalf<Msg>,
    down: ChannelReadHalf,
    exit: Option<u8>,
    ended: bool,
    /// Output that has not gone to the build.
    held: Vec<u8>,
    /// Errors that have not gone to the build.
    said: Vec<u8>,
}

/// What comes of a command before its output is passed on.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// It has output, or ended well without.
    Serves,
    /// It ended without output, or said in the pack protocol that it does not serve.
    Denies,
    /// The connection is gone.
    Gone,
}

/// How a command that serves ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// With this exit status.
    Exit(u8),
    /// Without one.
    Closed,
    /// The build takes no more output, or its input broke.
    BuildGone,
    /// The build took no output for long, and held up other fetches.
    Stalled,
}

impl<'a> Exchange<'a> {
    /// Runs the errand's command on a channel; nothing where the connection is gone.
    pub(super) async fn begin(
        lease: &'a mut Lease,
        channel: Channel<Msg>,
        errand: &Errand,
        tally: &Tally,
    ) -> Option<Self> {
        let (down, up) = channel.split();
        let (held, said) = (Vec::new(), Vec::new());
        let (exit, ended) = (None, false);
        let exchange = Self {
            lease,
            up,
            down,
            exit,
            ended,
            held,
            said,
        };
        exchange.run(errand, tally).await.ok()?;
        Some(exchange)
    }

    /// Waits for the first output. The build's input is read only for a command whose client speaks
    /// first; of the others nothing is lost if another key is tried.
    pub(super) async fn open(
        &mut self,
        errand: &Errand,
        input: &mut (impl AsyncRead + Unpin),
        tally: &mut Tally,
    ) -> Opening {
        let speaks_first = errand.command.service == Service::UploadArchive;
        let mut buffer = vec![0; CHUNK];
        while !self.ended && !self.has_output() {
            let room = MAX_REPLAY.saturating_sub(tally.replay.len()).min(CHUNK);
            let reads = speaks_first && !tally.input_ended && room > 0;
            let piece = buffer.get_mut(..room).unwrap_or_default();
            select! {
                message = self.down.wait() => self.hear(message),
                read = input.read(piece), if reads => {
                    let sent = piece.get(..read.unwrap_or(0)).unwrap_or_default();
                    tally.replay.extend_from_slice(sent);
                    tally.input_ended = sent.is_empty();
                    if self.send(sent).await.is_err() {
                        return Opening::Gone;
                    }
                }
            }
        }
        match self.exit {
            _ if self.has_output() => Opening::Serves,
            Some(0) if self.held.is_empty() => Opening::Serves,
            None if self.held.is_empty() && self.said.is_empty() => Opening::Gone,
            _ => Opening::Denies,
        }
    }

    /// What the command said, for a person.
    pub(super) fn said(&self) -> Vec<u8> {
        let error = self.held.get(ERROR_AT..).unwrap_or_default();
        [&self.said, error].concat()
    }

    /// Passes bytes both ways until the command ends.
    pub(super) async fn pass(
        mut self,
        input: &mut (impl AsyncRead + Unpin),
        output: &mut (impl AsyncWrite + Unpin),
        error: &mut (impl AsyncWrite + Unpin),
        tally: &mut Tally,
    ) -> End {
        let Tally {
            wants,
            bytes,
            replay,
            input_ended,
        } = tally;
        wants.read(replay);
        let mut sink = Sink {
            output,
            error,
            plain: Plain::default(),
            bytes,
        };
        let Self {
            lease,
            up,
            down,
            exit,
            ended,
            held,
            said,
        } = &mut self;
        let first = [
            ChannelMsg::ExtendedData {
                data: std::mem::take(said).into(),
                ext: STDERR,
            },
            ChannelMsg::Data {
                data: std::mem::take(held).into(),
            },
        ];
        let up = pump_up(up, input, wants, *input_ended);
        let down = async {
            for message in first {
                if let Some(end) = sink.take(lease, message).await {
                    return end;
                }
            }
            while !*ended {
                match down.wait().await {
                    Some(ChannelMsg::Close) | None => *ended = true,
                    Some(message) => {
                        *exit = exit_of(&message).or(*exit);
                        if let Some(end) = sink.take(lease, message).await {
                            return end;
                        }
                    }
                }
            }
            exit.map_or(End::Closed, End::Exit)
        };
        select! {
            end = down => end,
            () = up => End::BuildGone,
        }
    }

    async fn run(&self, errand: &Errand, tally: &Tally) -> Result<(), russh::Error> {
        if is_protocol(&errand.git_protocol) {
            self.up
                .set_env(false, "GIT_PROTOCOL", errand.git_protocol.as_str())
                .await?;
        }
        self.up.exec(true, errand.command.to_shell()).await?;
        if !tally.replay.is_empty() {
            self.send(&tally.replay).await?;
        }
        if tally.input_ended {
            self.up.eof().await?;
        }
        Ok(())
    }

    /// Sends bytes of the build; none are the end of them.
    async fn send(&self, bytes: &[u8]) -> Result<(), russh::Error> {
        if bytes.is_empty() {
            return self.up.eof().await;
        }
        self.up.data_bytes(bytes.to_vec()).await
    }

    /// Takes a message that comes before the first output.
    fn hear(&mut self, message: Option<ChannelMsg>) {
        match message {
            Some(ChannelMsg::Data { data }) => self.held.extend_from_slice(&data),
            Some(ChannelMsg::ExtendedData { data, ext: STDERR }) => {
                let room = MAX_SAID.saturating_sub(self.said.len()).min(data.len());
                self.said
                    .extend_from_slice(data.get(..room).unwrap_or_default());
            }
            Some(ChannelMsg::Failure) => {
                self.exit = Some(NOT_RUN);
                self.ended = true;
            }
            Some(ChannelMsg::Close) | None => self.ended = true,
            Some(other) => self.exit = exit_of(&other).or(self.exit),
        }
    }

    /// Whether there is output that may be passed on: not what may yet be an error of the pack
    /// protocol, with which a command ends.
    fn has_output(&self) -> bool {
        !self.held.is_empty() && (self.held.len() > MAX_SAID || !may_be_error(&self.held))
    }
}

/// Closes the channel, so that the command ends on the host.
impl Drop for Exchange<'_> {
    fn drop(&mut self) {
        let close = pin!(self.up.close());
        let asked = close.poll(&mut Context::from_waker(Waker::noop()));
        if asked.is_pending() {
            self.lease.spend();
        }
    }
}

/// Where output goes.
struct Sink<'a, O, E> {
    output: &'a mut O,
    error: &'a mut E,
    plain: Plain,
    bytes: &'a mut u64,
}

impl<O: AsyncWrite + Unpin, E: AsyncWrite + Unpin> Sink<'_, O, E> {
    /// Passes a message on; how the fetch ends if it must.
    async fn take(&mut self, lease: &mut Lease, message: ChannelMsg) -> Option<End> {
        match message {
            ChannelMsg::Data { data } if !data.is_empty() => {
                let length = u64::try_from(data.len()).unwrap_or(u64::MAX);
                *self.bytes = self.bytes.saturating_add(length);
                if *self.bytes > BULK {
                    lease.is_bulk();
                }
                unless_stalled(lease, write(self.output, &data)).await
            }
            ChannelMsg::ExtendedData { data, ext: STDERR } if !data.is_empty() => {
                let shown = self.plain.pass(&data);
                unless_stalled(lease, write(self.error, shown.as_bytes())).await
            }
            _ => None,
        }
    }
}

async fn write(to: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> Option<End> {
    let written = async {
        to.write_all(bytes).await?;
        to.flush().await
    };
    written.await.err().map(|_| End::BuildGone)
}

/// Waits for the build to take output, but not for ever while it holds up others: a channel that is
/// not read stops its connection.
async fn unless_stalled(lease: &Lease, work: impl Future<Output = Option<End>>) -> Option<End> {
    let mut work = pin!(work);
    loop {
        match timeout(STALL, &mut work).await {
            Ok(end) => return end,
            Err(_) if lease.is_shared() => return Some(End::Stalled),
            Err(_) => {}
        }
    }
}

/// Passes the build's input on, and returns if it breaks.
async fn pump_up(
    up: &ChannelWriteHalf<Msg>,
    input: &mut (impl AsyncRead + Unpin),
    wants: &mut Wants,
    mut ended: bool,
) {
    let mut buffer = vec![0; CHUNK];
    while !ended {
        let Ok(read) = input.read(&mut buffer).await else {
            return;
        };
        let bytes = buffer.get(..read).unwrap_or_default();
        wants.read(bytes);
        let sent = if bytes.is_empty() {
            up.eof().await
        } else {
            up.data_bytes(bytes.to_vec()).await
        };
        // A host that takes no more ends the other direction too.
        ended = sent.is_err() || bytes.is_empty();
    }
    pending::<()>().await;
}

/// The exit status that a message tells.
fn exit_of(message: &ChannelMsg) -> Option<u8> {
    match message {
        ChannelMsg::ExitStatus { exit_status } => {
            Some(u8::try_from(*exit_status).unwrap_or(NOT_RUN))
        }
        ChannelMsg::ExitSignal { .. } => Some(NOT_RUN),
        _ => None,
    }
}

/// Whether output is, or may with more bytes become, a pkt-line that begins with `ERR `.
fn may_be_error(output: &[u8]) -> bool {
    let (length, rest) = output.split_at(output.len().min(LENGTH_DIGITS));
    if !length.iter().all(u8::is_ascii_hexdigit) {
        return false;
    }
    let said = str::from_utf8(length).ok();
    let number = said.and_then(|digits| usize::from_str_radix(digits, 16).ok());
    let too_short = length.len() == LENGTH_DIGITS && number.is_none_or(|number| number < ERROR_AT);
    !too_short && (ERROR.starts_with(rest) || rest.starts_with(ERROR))
}

/// Whether a value is one that git sets `GIT_PROTOCOL` to.
fn is_protocol(value: &str) -> bool {
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'=' | b':' | b'.' | b'-');
    (1..=MAX_PROTOCOL).contains(&value.len()) && value.bytes().all(plain)
}

/// `SSH_EXTENDED_DATA_STDERR` of RFC 4254 §5.2.
const STDERR: u32 = 1;
/// What `ssh` itself exits with when the command has no status of its own.
const NOT_RUN: u8 = 255;
const CHUNK: usize = 32 * 1024;
const MAX_REPLAY: usize = 64 * 1024;
/// The most that is kept of what a host says before it is clear which key serves.
const MAX_SAID: usize = 64 * 1024;
const MAX_PROTOCOL: usize = 64;
/// A fetch that has moved more is given no neighbours while there is another place for them.
const BULK: u64 = 1024 * 1024;
const STALL: Duration = Duration::from_mins(1);
const LENGTH_DIGITS: usize = 4;
const ERROR: &[u8] = b"ERR ";
/// Where the text of an error begins.
const ERROR_AT: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_may_be_an_error_is_held() {
        for held in [
            "0",
            "0010",
            "0010E",
            "0010ERR",
            "0010ERR not found",
            "ffffERR ",
        ] {
            assert!(may_be_error(held.as_bytes()), "{held}");
        }
        for passed in [
            "0000",
            "00000009",
            "000eversion 2\n",
            "0004",
            "{\"href\"",
            "00100ERR",
            "PACK",
        ] {
            assert!(!may_be_error(passed.as_bytes()), "{passed}");
        }
    }

    #[test]
    fn only_what_git_sets_is_passed_as_protocol() {
        let long = "v".repeat(65);
        for good in ["version=2", "version=1:object-format=sha256"] {
            assert!(is_protocol(good), "{good}");
        }
        for bad in ["", "version=2\n", "a b", "$(x)", "é", "A", &long] {
            assert!(!is_protocol(bad), "{bad}");
        }
    }
}
