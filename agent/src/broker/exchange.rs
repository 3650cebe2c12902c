//! One command on one channel: up to its first output, then bytes both ways.

mod first;
mod pump;

use std::{
    pin::pin,
    task::{Context, Waker},
};

use keystay_proto::git::{Service, Wants};
use russh::{Channel, ChannelMsg, ChannelReadHalf, ChannelWriteHalf, client::Msg};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite},
    select,
};

use self::{
    first::{ERROR_AT, is_protocol, may_be_error},
    pump::{Sink, pump_up},
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
        exchange.lease.open_ahead();
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

/// `SSH_EXTENDED_DATA_STDERR` of RFC 4254 §5.2.
const STDERR: u32 = 1;
/// What `ssh` itself exits with when the command has no status of its own.
const NOT_RUN: u8 = 255;
const CHUNK: usize = 32 * 1024;
const MAX_REPLAY: usize = 64 * 1024;
/// The most that is kept of what a host says before it is clear which key serves.
const MAX_SAID: usize = 64 * 1024;
