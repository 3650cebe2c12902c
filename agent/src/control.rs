//! The control API's server: HTTP over a Unix socket, for the owner alone.

mod body;
mod engine;
mod grants;
mod hold;
mod reload;
mod scan;

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use hyper::{
    Method, Request, Response, StatusCode, body::Incoming, header, server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::{TokioIo, TokioTimer};
use keystay_proto::control::{KeyInfo, Problem, ProblemCode};
use serde::Serialize;
use tokio::{net::UnixStream, select, sync::Semaphore, sync::watch, task::JoinSet};
use tracing::debug;

pub(crate) use self::reload::HostFiles;
pub(crate) use self::scan::Searches;
use crate::{
    engine::Engines,
    grant::Table,
    harden::Gate,
    key::Key,
    keyring::Keyring,
    listener::{Listener, share},
};

/// What the control API works on.
#[derive(Debug)]
pub(crate) struct Control {
    /// The keys that the agent holds.
    pub(crate) keys: Arc<Keyring>,
    /// Its grants.
    pub(crate) grants: Table,
    /// The processes that build.
    pub(crate) engines: Engines,
    /// Where the settings of hosts are.
    pub(crate) hosts: HostFiles,
    /// The searches that run.
    pub(crate) searches: Searches,
    /// What keeps all requests waiting until the agent is confined, but the one that a build begins with.
    pub(crate) gate: Gate,
}

/// Serves the control socket until `stop` turns true; the socket goes before this returns, and
/// connections that are idle end.
pub(crate) async fn serve(
    control: Arc<Control>,
    listener: Listener,
    mut stop: watch::Receiver<bool>,
) {
    let permits = Arc::new(Semaphore::new(share(MAX_CONNECTIONS)));
    let mut connections = JoinSet::new();
    loop {
        // The permit comes first, so that what is over the limit waits in the kernel's queue.
        let next = async {
            let permit = Arc::clone(&permits).acquire_owned().await;
            (permit, listener.accept().await)
        };
        let (permit, stream) = select! {
            _ = stop.wait_for(|stop| *stop) => break,
            next = next => next,
        };
        while connections.try_join_next().is_some() {}
        let control = Arc::clone(&control);
        connections.spawn(async move {
            connection(control, stream).await;
            drop(permit);
        });
    }
    drop(listener);
    connections.shutdown().await;
}

async fn connection(control: Arc<Control>, stream: UnixStream) {
    let service = service_fn(move |request| {
        let control = Arc::clone(&control);
        async move { Ok::<_, Infallible>(answer(&control, request).await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIME)
        .max_buf_size(MAX_READ)
        .serve_connection(TokioIo::new(stream), service)
        .await;
    if let Err(error) = served {
        debug!(%error, "a control connection ended");
    }
}

async fn answer(control: &Arc<Control>, request: Request<Incoming>) -> Response<Answer> {
    let outcome = route(control, request).await;
    outcome.unwrap_or_else(|problem| {
        let status = match problem.code {
            ProblemCode::Usage => StatusCode::BAD_REQUEST,
            ProblemCode::Refused => StatusCode::FORBIDDEN,
            ProblemCode::KeySource | ProblemCode::Configuration => StatusCode::UNPROCESSABLE_ENTITY,
            ProblemCode::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            ProblemCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        };
        json(status, &problem)
    })
}

async fn route(
    control: &Arc<Control>,
    request: Request<Incoming>,
) -> Result<Response<Answer>, Problem> {
    let (parts, body) = request.into_parts();
    let path: Vec<_> = parts.uri.path().split('/').skip(1).collect();
    let opens_a_grant = parts.method == Method::POST && path == ["v1", "grants"];
    if !opens_a_grant {
        control.gate.pass().await;
    }
    match (&parts.method, path.as_slice()) {
        (&Method::GET, ["v1", "keys"]) => Ok(json(StatusCode::OK, &infos(&control.keys.shown()))),
        (&Method::POST, ["v1", "grants"]) => {
            let spec = body::json(body).await?;
            grants::open(control, spec)
                .await
                .map(|grant| json(StatusCode::CREATED, &grant))
        }
        (&Method::GET, ["v1", "grants"]) => Ok(json(StatusCode::OK, &control.grants.list())),
        (&Method::GET, ["v1", "grants", id]) => {
            grants::report(control, id).map(|report| json(StatusCode::OK, &report))
        }
        (&Method::DELETE, ["v1", "grants", id]) => grants::end(control, id)
            .await
            .map(|report| json(StatusCode::OK, &report)),
        (&Method::POST, ["v1", "grants", id, "scan"]) => scan::scan(control, id, body)
            .await
            .map(|report| json(StatusCode::OK, &report)),
        (&Method::GET, ["v1", "grants", id, "hold"]) => {
            hold::hold(control, id).map(|hold| Response::new(hold.boxed()))
        }
        (&Method::POST, ["v1", "grants", id, "revoke"]) => grants::revoke(control, id)
            .await
            .map(|report| json(StatusCode::OK, &report)),
        (&Method::POST, ["v1", "reload"]) => Ok(json(StatusCode::OK, &control.reload())),
        (&Method::PUT, ["v1", "grants", id, "engine"]) => {
            let told = body::json(body).await?;
            engine::watch(control, id, told).map(|told| json(StatusCode::OK, &told))
        }
        (method, _) => {
            let message = format!("no {method} {} in the control API", parts.uri.path());
            Err(Problem::new(
                ProblemCode::Usage,
                keystay_proto::printable(message),
            ))
        }
    }
}

fn infos(keys: &[Arc<Key>]) -> Vec<KeyInfo> {
    keys.iter().map(|key| key.info.clone()).collect()
}

fn json(status: StatusCode, value: &impl Serialize) -> Response<Answer> {
    // Serialising plain structs to memory does not fail; an empty body would say so.
    let body = serde_json::to_vec(value).unwrap_or_default();
    let mut response = Response::new(Full::new(Bytes::from(body)).boxed());
    *response.status_mut() = status;
    let kind = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    response
}

/// A whole answer, or one that lasts.
type Answer = BoxBody<Bytes, Infallible>;

/// Each build holds one, and asks over another.
const MAX_CONNECTIONS: usize = 1_024;
/// How much of a body is read at once, in bytes.
const MAX_READ: usize = 64 << 10;
/// How long a client may take to send the head of a request.
const HEADER_TIME: Duration = Duration::from_secs(30);

#[cfg(test)]
mod tests;
