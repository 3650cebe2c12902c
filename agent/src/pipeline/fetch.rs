//! The path from a frame of the tunnel to its reply: decode, identify, judge, record, fetch, reply.

use std::sync::Arc;

use keystay_proto::{
    agent::Response,
    control::Reason,
    tunnel::{Open, Reply, Request, StreamId},
};

use super::{advice::advice, reply};
use crate::{
    broker::Errand,
    clock::Moment,
    grant::{Fetches, Grant},
    policy::FetchDemand,
    tunnel::OpenError,
};

/// Answers one frame of a build. Every way out of here is a signature that holds a reply.
pub(super) async fn answer(
    grant: &Arc<Grant>,
    fetches: &Fetches,
    id: StreamId,
    frame: &[u8],
) -> Vec<u8> {
    match Request::decode(frame) {
        Ok(Request::Open(request)) => open(grant, fetches, id, &request, frame).await,
        Ok(Request::Exchange(exchange)) => match fetches.streams.find(id) {
            Some(stream) => signature(&stream.exchange(&exchange).await),
            None => refuse(grant, Reason::NoStream, None).await,
        },
        Ok(Request::Close) => close(grant, fetches, id).await,
        Err(error) => refuse(grant, Reason::Malformed, Some(&error.to_string())).await,
    }
}

async fn open(
    grant: &Arc<Grant>,
    fetches: &Fetches,
    id: StreamId,
    request: &Open<'_>,
    frame: &[u8],
) -> Vec<u8> {
    match fetches.streams.admit(id, frame) {
        Ok(()) => {}
        Err(OpenError::AlreadyOpen) => return opened(fetches),
        Err(OpenError::Refused(reason)) => return refuse(grant, reason, None).await,
    }
    let demand = FetchDemand::identify(request);
    let judged = grant.judge_fetch_and_record(fetches, &demand, Moment::now());
    let Ok(verdict) = judged.await else {
        return refused("nothing is fetched without a record, and the audit log is not writable");
    };
    if let Err(reason) = verdict {
        let is_listed = demand.is_of_listed_host(grant.repos());
        return refused(&advice(reason, &demand, is_listed));
    }
    let Ok((command, repository)) = demand.what else {
        return refused(&Reason::NotAFetch.to_string());
    };
    let errand = Errand {
        repository,
        command,
        git_protocol: String::from_utf8_lossy(request.git_protocol).into_owned(),
        user: grant.user().to_owned(),
        user_named: !request.user.is_empty() || !grant.has_configured_user(),
    };
    let serve = |stream| Arc::clone(grant).serve_stream(id, stream, errand);
    match fetches.streams.open(id, frame, serve) {
        Ok(()) | Err(OpenError::AlreadyOpen) => opened(fetches),
        Err(OpenError::Refused(reason)) => refuse(grant, reason, None).await,
    }
}

async fn close(grant: &Grant, fetches: &Fetches, id: StreamId) -> Vec<u8> {
    match fetches.streams.find(id) {
        Some(stream) => stream.close(),
        None if fetches.streams.is_over(id) => {}
        None => return refuse(grant, Reason::NoStream, None).await,
    }
    encoded(&Reply::Closed)
}

/// Refuses a frame that is none of an open stream's.
async fn refuse(grant: &Grant, reason: Reason, detail: Option<&str>) -> Vec<u8> {
    grant.refuse(reason, detail).await;
    refused(&reason.to_string())
}

fn refused(message: &str) -> Vec<u8> {
    let message = message.as_bytes();
    encoded(&Reply::Refused { message })
}

fn opened(fetches: &Fetches) -> Vec<u8> {
    let wait = fetches.streams.wait();
    encoded(&Reply::Opened { wait })
}

fn encoded(reply: &Reply<'_>) -> Vec<u8> {
    let mut blob = Vec::new();
    reply.encode(&mut blob);
    signature(&blob)
}

fn signature(blob: &[u8]) -> Vec<u8> {
    reply(&Response::SignResponse { signature: blob })
}

#[cfg(test)]
mod tests;
