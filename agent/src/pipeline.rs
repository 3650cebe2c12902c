//! The path from a message to a reply: decode, identify, judge, record, sign, reply.

mod advice;
mod fetch;

use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

use keystay_proto::{
    agent::{Identity, Request, Response, SessionBind, SignRequest},
    control::{Fault, Reason},
    tunnel,
};

use crate::{
    grant::Grant,
    policy::{BindError, Bound, Demand, Verdict},
    sign::SignError,
};

/// Answers one message of a build. Every way out of here is a well-formed reply of a type that the
/// request allows; nothing is signed that was not recorded first.
pub(crate) async fn answer(grant: &Arc<Grant>, bound: &mut Bound, message: &[u8]) -> Vec<u8> {
    match Request::decode(message) {
        Ok(Request::SignRequest(request)) => {
            match (grant.fetches(), tunnel::stream_of(request.key_blob)) {
                (Some(fetches), Some(id)) => fetch::answer(grant, fetches, id, request.data).await,
                _ => sign(grant, bound, &request).await,
            }
        }
        Ok(Request::RequestIdentities) => list(grant).await,
        // In fetch mode nothing is signed that it could be about.
        Ok(Request::Extension(it)) if it.name == SessionBind::NAME && grant.fetches().is_none() => {
            bind(grant, bound, it.body).await
        }
        Ok(other) => refuse(grant, Reason::MessageNotServed, &other.number().to_string()).await,
        Err(error) => refuse(grant, Reason::Malformed, &error.to_string()).await,
    }
}

async fn sign(grant: &Grant, bound: &Bound, request: &SignRequest<'_>) -> Vec<u8> {
    let demand = Demand::identify(request, bound, SystemTime::now());
    let judged = grant.judge_and_record(&demand, request.flags, Instant::now());
    let Ok(verdict) = judged.await else {
        return reply(&Response::Failure);
    };
    let Verdict::Allow { key, host } = verdict else {
        return reply(&Response::Failure);
    };
    let Some(key) = grant.key(key) else {
        return reply(&Response::Failure);
    };
    match key.signer.sign(request.data, request.flags.0).await {
        Ok(signature) => reply(&Response::SignResponse {
            signature: &signature,
        }),
        Err(error) => fail(grant, &demand, host.as_deref(), &error).await,
    }
}

/// The granted keys, with empty comments: a comment tells who the user is.
async fn list(grant: &Grant) -> Vec<u8> {
    if !grant.list_and_record(Instant::now()).await {
        return reply(&Response::Failure);
    }
    let identity = |blob| Identity {
        key_blob: blob,
        comment: b"",
    };
    reply(&Response::IdentitiesAnswer(
        grant.key_blobs().map(identity).collect(),
    ))
}

/// A bind that is taken is no event: the login that follows names the host.
async fn bind(grant: &Grant, bound: &mut Bound, body: &[u8]) -> Vec<u8> {
    let Err(error) = bound.bind(body) else {
        return reply(&Response::Success);
    };
    let reason = match error {
        BindError::Malformed(_) => Reason::Malformed,
        _ => Reason::HostNotVerified,
    };
    grant.refuse(reason, Some(&error.to_string())).await;
    reply(&Response::ExtensionFailure)
}

async fn refuse(grant: &Grant, reason: Reason, detail: &str) -> Vec<u8> {
    grant.refuse(reason, Some(detail)).await;
    reply(&Response::Failure)
}

/// An allowed signature that could not be made: the build sees a failure, the user sees why.
async fn fail(
    grant: &Grant,
    demand: &Demand<'_>,
    host: Option<&str>,
    error: &SignError,
) -> Vec<u8> {
    let fault = Fault::UpstreamAgent(error.to_string());
    grant.failed(demand, host, fault).await;
    reply(&Response::Failure)
}

fn reply(response: &Response<'_>) -> Vec<u8> {
    let mut body = Vec::new();
    response.encode(&mut body);
    body
}
