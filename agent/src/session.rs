//! One connection to a grant's socket: a message in, a reply out, in order.

mod messages;

use std::{sync::Arc, time::Duration};

use bytes::BytesMut;
use keystay_proto::frame;
use tokio::net::UnixStream;

pub(crate) use self::messages::{End, Messages};
use crate::{grant::Grant, pipeline, policy::Bound};

/// Serves one connection until it ends, breaks a rule or stalls; each of the latter is recorded. Once the grant is
/// closed, what is being answered is the last.
pub(crate) async fn run(grant: &Arc<Grant>, stream: UnixStream) {
    let mut messages = Messages::of(stream);
    if let Err(End::Refused(reason, detail)) = exchange(grant, &mut messages).await {
        grant.refuse(reason, detail.as_deref()).await;
    }
}

async fn exchange(grant: &Arc<Grant>, messages: &mut Messages) -> Result<(), End> {
    let mut message = messages.next(FIRST_TIME).await.map_err(|end| match end {
        End::Idle => messages::stalled("nothing was sent"),
        end => end,
    })?;
    let mut bound = Bound::default();
    loop {
        answer(grant, &mut bound, messages, message).await?;
        if grant.is_closed() {
            return Ok(());
        }
        message = messages.next(IDLE_TIME).await?;
    }
}

/// Answers one message. What that takes is given back before the next one is waited for.
async fn answer(
    grant: &Arc<Grant>,
    bound: &mut Bound,
    messages: &mut Messages,
    message: BytesMut,
) -> Result<(), End> {
    let _answering = grant.answering();
    let body = pipeline::answer(grant, bound, &message).await;
    let mut reply = Vec::with_capacity(body.len().saturating_add(4));
    // A reply that cannot be framed is a defect on this side; the connection ends.
    frame::join_reply(&body, &mut reply).map_err(|_| End::Gone)?;
    drop((message, body));
    let memory = grant.fetches().map(|fetches| fetches.streams.memory());
    let _held = memory.map(|memory| memory.hold(reply.len()));
    messages.reply(&reply, WRITE_TIME).await
}

/// How long a connection may be open before it asks for something: clients connect when they are
/// about to ask.
const FIRST_TIME: Duration = Duration::from_secs(30);
/// How long a connection may rest between two requests; it ends without a record.
const IDLE_TIME: Duration = Duration::from_mins(2);
/// How long the peer may take to read a reply.
const WRITE_TIME: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests;
