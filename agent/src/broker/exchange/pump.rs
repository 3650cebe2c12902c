//! Bytes both ways.

use std::{future::pending, pin::pin, time::Duration};

use keystay_proto::git::Wants;
use russh::{ChannelMsg, ChannelWriteHalf, client::Msg};
use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    time::timeout,
};

use super::{
    super::{plain::Plain, pool::Lease},
    CHUNK, End, STDERR,
};

/// Where output goes.
pub(super) struct Sink<'a, O, E> {
    pub(super) output: &'a mut O,
    pub(super) error: &'a mut E,
    pub(super) plain: Plain,
    pub(super) bytes: &'a mut u64,
}

impl<O: AsyncWrite + Unpin, E: AsyncWrite + Unpin> Sink<'_, O, E> {
    /// Passes a message on; how the fetch ends if it must.
    pub(super) async fn take(&mut self, lease: &mut Lease, message: ChannelMsg) -> Option<End> {
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
pub(super) async fn pump_up(
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

/// A fetch that has moved more is given no neighbours while there is another place for them.
const BULK: u64 = 1024 * 1024;
const STALL: Duration = Duration::from_mins(1);
