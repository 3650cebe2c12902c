//! Who looks for the keys.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use hyper::body::{Body, Frame};
use keystay_proto::control::{Problem, ScanReport};
use tokio::sync::mpsc;

/// Looks for private keys in plain bytes.
pub trait Matcher: Send + Sync + 'static {
    /// Looks at all bytes that come through the channel, and says where keys are among them.
    fn scan(
        &self,
        bytes: mpsc::Receiver<Bytes>,
    ) -> impl Future<Output = Result<ScanReport, MatcherError>> + Send;
}

/// The bytes could not be looked at.
#[derive(Debug, thiserror::Error)]
pub enum MatcherError {
    /// The agent refused.
    #[error("the agent does not scan: {0}")]
    Refused(#[source] Problem),
    /// The agent cannot be reached, or went away.
    #[error("the agent does not answer the scan")]
    Connection(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The agent's answer is not understood.
    #[error("the agent's answer to the scan, status {status}, is not understood")]
    Answer {
        /// Its HTTP status.
        status: u16,
    },
}

/// Looks for nothing.
#[derive(Debug)]
pub(super) struct NoMatcher;

impl Matcher for NoMatcher {
    async fn scan(&self, mut bytes: mpsc::Receiver<Bytes>) -> Result<ScanReport, MatcherError> {
        let mut report = ScanReport {
            bytes: 0,
            hits: Vec::new(),
            truncated: false,
        };
        while let Some(bytes) = bytes.recv().await {
            report.bytes += u64::try_from(bytes.len()).unwrap_or(0);
        }
        Ok(report)
    }
}

/// The bytes of a channel as the body of a request.
#[derive(Debug)]
pub(super) struct ChannelBody(pub(super) mpsc::Receiver<Bytes>);

impl Body for ChannelBody {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        self.0
            .poll_recv(context)
            .map(|bytes| bytes.map(|bytes| Ok(Frame::data(bytes))))
    }
}
