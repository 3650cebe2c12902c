//! Another agent, as its client sees it.

use std::{
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    time::timeout,
};

use keystay_proto::{
    agent::{Request, Response, SignFlags, SignRequest},
    frame,
    limits::MAX_MESSAGE,
};

/// Another agent, behind a Unix socket. Every request has its own connection, so that requests do
/// not wait for one another and a restarted agent is found again.
#[derive(Debug)]
pub struct UpstreamAgent {
    path: PathBuf,
}

/// One key that it holds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) blob: Vec<u8>,
    /// Text of the outside.
    pub(crate) comment: Vec<u8>,
}

impl From<keystay_proto::agent::Identity<'_>> for Identity {
    fn from(identity: keystay_proto::agent::Identity<'_>) -> Self {
        let (blob, comment) = (identity.key_blob.to_vec(), identity.comment.to_vec());
        Self { blob, comment }
    }
}

/// Why another agent did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum AgentError {
    /// It cannot be reached, closed the connection or did not answer in time.
    #[error("the agent does not answer")]
    Gone(#[source] io::Error),
    /// It answered with a failure.
    #[error("the agent refuses")]
    Refused,
    /// Its answer is none to the request, or damaged.
    #[error("the agent's answer cannot be understood")]
    Answer,
}

impl UpstreamAgent {
    /// The agent that listens, or will listen, at `path`.
    #[must_use]
    pub fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// Where it listens.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A signature blob over `data`. Waits for a person to confirm or touch a device.
    pub(crate) async fn sign(
        &self,
        blob: &[u8],
        data: &[u8],
        flags: u32,
    ) -> Result<Vec<u8>, AgentError> {
        let flags = SignFlags(flags);
        let request = Request::SignRequest(SignRequest {
            key_blob: blob,
            data,
            flags,
        });
        match understood(&self.exchange(&request, SIGN_TIMEOUT).await?)? {
            Response::SignResponse { signature } => Ok(signature.to_vec()),
            _ => Err(AgentError::Answer),
        }
    }

    /// The keys it holds, of any type, in its order.
    pub(crate) async fn list(&self) -> Result<Vec<Identity>, AgentError> {
        match understood(
            &self
                .exchange(&Request::RequestIdentities, LIST_TIMEOUT)
                .await?,
        )? {
            Response::IdentitiesAnswer(identities) => {
                Ok(identities.into_iter().map(Identity::from).collect())
            }
            _ => Err(AgentError::Answer),
        }
    }

    async fn exchange(
        &self,
        request: &Request<'_>,
        limit: Duration,
    ) -> Result<Vec<u8>, AgentError> {
        let (mut body, mut framed) = (Vec::new(), Vec::new());
        request.encode(&mut body);
        frame::join(&body, &mut framed).map_err(|_| AgentError::Answer)?;
        let mut stream = within(CONNECT_TIMEOUT, UnixStream::connect(&self.path)).await?;
        within(limit, converse(&mut stream, &framed))
            .await?
            .ok_or(AgentError::Answer)
    }
}

/// The answer, unless it is a failure or cannot be decoded.
fn understood(answer: &[u8]) -> Result<Response<'_>, AgentError> {
    match Response::decode(answer) {
        Ok(response) if response.is_failure() => Err(AgentError::Refused),
        Ok(response) => Ok(response),
        Err(_) => Err(AgentError::Answer),
    }
}

/// Sends a framed request and returns the answer without its length; `None` for one that is too
/// long to be genuine.
async fn converse(stream: &mut UnixStream, request: &[u8]) -> io::Result<Option<Vec<u8>>> {
    stream.write_all(request).await?;
    let len = usize::try_from(stream.read_u32().await?).unwrap_or(usize::MAX);
    if len > MAX_MESSAGE {
        return Ok(None);
    }
    let mut answer = vec![0; len];
    stream.read_exact(&mut answer).await?;
    Ok(Some(answer))
}

async fn within<T>(
    limit: Duration,
    work: impl Future<Output = io::Result<T>>,
) -> Result<T, AgentError> {
    match timeout(limit, work).await {
        Ok(done) => done.map_err(AgentError::Gone),
        Err(_) => Err(AgentError::Gone(io::ErrorKind::TimedOut.into())),
    }
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(2);
const LIST_TIMEOUT: Duration = Duration::from_secs(10);
/// A person may have to find the device to touch.
const SIGN_TIMEOUT: Duration = Duration::from_mins(2);
