//! Calls to the control API (`keystay_proto::control`).

use std::{
    io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Method, Request, Response, body::Incoming, header::CONTENT_TYPE};
use hyper_util::client::legacy::Client;
use hyperlocal::UnixConnector;
use keystay_proto::control::{
    Engine, Grant, GrantId, GrantInfo, GrantReport, GrantSpec, KeyInfo, Problem,
};
use serde::{Serialize, de::DeserializeOwned};
use tokio::time::{sleep, timeout};

use super::LinkError;
use crate::unix_http::{self, io_error};

/// An agent's control socket. Clones share their connections.
#[derive(Clone, Debug)]
pub(crate) struct Control {
    socket: PathBuf,
    client: Client<UnixConnector, Full<Bytes>>,
    is_answered: Arc<AtomicBool>,
    /// Whether the agent ends with this process, and its grants with it.
    is_private: bool,
}

impl Control {
    /// Calls to the agent that serves on this socket.
    pub(crate) fn new(socket: PathBuf) -> Self {
        Self {
            socket,
            client: unix_http::client(),
            is_answered: Arc::default(),
            is_private: false,
        }
    }

    /// The same for an agent that ends with this process.
    pub(crate) fn private(socket: PathBuf) -> Self {
        Self {
            is_private: true,
            ..Self::new(socket)
        }
    }

    /// Whether the agent answered its last call.
    pub(crate) fn is_answered(&self) -> bool {
        self.is_answered.load(Ordering::Relaxed)
    }

    /// The keys that the agent holds.
    pub(crate) async fn keys(&self) -> Result<Vec<KeyInfo>, LinkError> {
        self.show("list the keys", "/v1/keys").await
    }

    /// Its grants.
    pub(crate) async fn grants(&self) -> Result<Vec<GrantInfo>, LinkError> {
        self.show("list the grants", "/v1/grants").await
    }

    /// Takes a grant from its build, and tells what it was used for so far.
    pub(crate) async fn revoke(&self, id: &str) -> Result<GrantReport, LinkError> {
        let path = format!("/v1/grants/{id}/revoke");
        let body = Full::default();
        self.call("revoke the grant", Method::POST, &path, body)
            .await
    }

    /// Opens a grant and holds it: it ends with the value, however this process ends. A private agent needs no
    /// hold.
    pub(crate) async fn open_grant(&self, spec: &GrantSpec) -> Result<(Grant, Held), LinkError> {
        let what = "open a grant";
        let grant: Grant = self
            .call(what, Method::POST, "/v1/grants", json(what, spec)?)
            .await?;
        if self.is_private {
            return Ok((grant, Held(None)));
        }
        let path = format!("/v1/grants/{}/hold", grant.id);
        let request = self.request(what, Method::GET, &path, Full::default())?;
        let late = |_| LinkError::Late {
            what,
            within: PATIENCE,
        };
        let held = timeout(PATIENCE, self.respond(what, request)).await;
        let response = held.map_err(late)??;
        if response.status().is_success() {
            return Ok((grant, Held(Some(response))));
        }
        answer::<()>(what, response).await?;
        Err(LinkError::Ended)
    }

    async fn show<T: DeserializeOwned>(
        &self,
        what: &'static str,
        path: &str,
    ) -> Result<T, LinkError> {
        self.call(what, Method::GET, path, Full::default()).await
    }

    /// Ends a grant and tells what it was used for.
    pub(crate) async fn end_grant(&self, id: &GrantId) -> Result<GrantReport, LinkError> {
        let path = format!("/v1/grants/{id}");
        self.call("end the grant", Method::DELETE, &path, Full::default())
            .await
    }

    /// Tells of the process that builds, so that the agent ends it if this process is killed. It
    /// must not have been waited for.
    pub(crate) async fn watch_engine(&self, id: &GrantId, pid: u32) -> Result<(), LinkError> {
        let what = "watch the engine";
        let body = json(what, &Engine { pid })?;
        let path = format!("/v1/grants/{id}/engine");
        self.call::<Engine>(what, Method::PUT, &path, body)
            .await
            .map(drop)
    }

    /// Returns when the agent answers no more, or not about this grant.
    pub(crate) async fn until_silent(&self, id: &GrantId) -> LinkError {
        let path = format!("/v1/grants/{id}");
        loop {
            sleep(PULSE).await;
            let body = Full::default();
            let asked = self.call::<GrantReport>("show the grant", Method::GET, &path, body);
            if let Err(error) = asked.await {
                return error;
            }
        }
    }

    /// The socket itself.
    pub(crate) fn socket(&self) -> &Path {
        &self.socket
    }

    async fn call<T: DeserializeOwned>(
        &self,
        what: &'static str,
        method: Method,
        path: &str,
        body: Full<Bytes>,
    ) -> Result<T, LinkError> {
        let request = self.request(what, method, path, body)?;
        let late = |_| LinkError::Late {
            what,
            within: PATIENCE,
        };
        timeout(PATIENCE, self.exchange(what, request))
            .await
            .map_err(late)?
    }

    fn request(
        &self,
        what: &'static str,
        method: Method,
        path: &str,
        body: Full<Bytes>,
    ) -> Result<Request<Full<Bytes>>, LinkError> {
        let request = Request::builder()
            .method(method)
            .uri(unix_http::uri(&self.socket, path));
        let request = request.header(CONTENT_TYPE, "application/json").body(body);
        request.map_err(|source| LinkError::Malformed {
            what,
            source: source.into(),
        })
    }

    async fn exchange<T: DeserializeOwned>(
        &self,
        what: &'static str,
        request: Request<Full<Bytes>>,
    ) -> Result<T, LinkError> {
        answer(what, self.respond(what, request).await?).await
    }

    async fn respond(
        &self,
        what: &'static str,
        request: Request<Full<Bytes>>,
    ) -> Result<Response<Incoming>, LinkError> {
        self.is_answered.store(false, Ordering::Relaxed);
        let response = self.client.request(request).await;
        self.is_answered.store(response.is_ok(), Ordering::Relaxed);
        response.map_err(|error| gone(what, io_error(error)))
    }
}

/// A grant that is held: the answer that has no end, and with it the connection. None where the grant ends with
/// this process anyway.
#[derive(Debug)]
pub(crate) struct Held(
    #[expect(dead_code, reason = "kept, never read")] Option<Response<Incoming>>,
);

/// An agent that left its socket behind when it was killed does not run.
fn gone(what: &'static str, source: io::Error) -> LinkError {
    match source.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => LinkError::NotRunning,
        _ => LinkError::Gone { what, source },
    }
}

fn json(what: &'static str, value: &impl Serialize) -> Result<Full<Bytes>, LinkError> {
    let text = serde_json::to_vec(value);
    text.map(|text| Full::new(text.into()))
        .map_err(|source| LinkError::Malformed {
            what,
            source: source.into(),
        })
}

async fn answer<T: DeserializeOwned>(
    what: &'static str,
    response: Response<Incoming>,
) -> Result<T, LinkError> {
    let is_success = response.status().is_success();
    let body = Limited::new(response.into_body(), LARGEST_ANSWER)
        .collect()
        .await;
    let body = body
        .map_err(|source| LinkError::Malformed { what, source })?
        .to_bytes();
    let parsed = if is_success {
        serde_json::from_slice(&body).map(Ok)
    } else {
        serde_json::from_slice::<Problem>(&body).map(|problem| Err(problem.into()))
    };
    parsed.map_err(|source| LinkError::Malformed {
        what,
        source: source.into(),
    })?
}

/// The agent answers at once: it opens a socket or reads its own tables.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the agent is asked for a sign of life during long work.
const PULSE: Duration = Duration::from_secs(5);
/// A `known_hosts` of tens of thousands of lines fits.
const LARGEST_ANSWER: usize = 16 << 20;
