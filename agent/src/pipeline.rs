//! The path from a message to a reply: decode, identify, judge, record, sign, reply.

mod advice;
mod fetch;

use std::{sync::Arc, time::SystemTime};

use keystay_proto::{
    agent::{Identity, Request, Response, SessionBind, SignRequest},
    control::{Fault, Reason},
    tunnel,
};

use crate::{
    clock::Moment,
    grant::Grant,
    key::Key,
    policy::{BindError, Bound, Demand, Verdict},
    sign::SignError,
};

/// Answers one message of a build. Every way out of here is a well-formed reply of a type that the
/// request allows; no signature leaves, and no other agent is asked, before the record is written.
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
    let (verdict, written) = grant.judge(&demand, request.flags, Moment::now());
    let recorded = grant.recorded_verdict(&demand, &verdict, written);
    let (Some(key), host) = allowed(grant, &verdict) else {
        let _ = recorded.await;
        return reply(&Response::Failure);
    };
    let signed = (key.signer).sign_recorded(recorded, request.data, request.flags.0);
    match signed.await {
        Ok(Ok(signature)) => reply(&Response::SignResponse {
            signature: &signature,
        }),
        Ok(Err(error)) => fail(grant, &demand, host, &error).await,
        Err(_) => reply(&Response::Failure),
    }
}

/// The key that the verdict allows, and the host that it allows it for.
fn allowed<'a>(grant: &'a Grant, verdict: &'a Verdict) -> (Option<&'a Arc<Key>>, Option<&'a str>) {
    match verdict {
        Verdict::Allow { key, host } => (grant.key(*key), host.as_deref()),
        Verdict::Deny(_) => (None, None),
    }
}

/// The granted keys, with empty comments: a comment tells who the user is.
async fn list(grant: &Grant) -> Vec<u8> {
    if !grant.list_and_record(Moment::now()).await {
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
