//! The matcher behind an agent's control socket.

use std::{error::Error, path::PathBuf};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::{
    Request, StatusCode,
    client::conn::http1::{self, SendRequest},
    header::HOST,
};
use hyper_util::rt::TokioIo;
use keystay_proto::control::{GrantId, ScanReport};
use tokio::{net::UnixStream, select, sync::mpsc};

use super::{Matcher, MatcherError, matcher::ChannelBody};

/// Has the agent look for the keys of one grant: `POST /v1/grants/{id}/scan`.
#[derive(Debug)]
pub struct ControlMatcher {
    socket: PathBuf,
    grant: GrantId,
}

impl ControlMatcher {
    /// The matcher of this grant, behind this control socket.
    #[must_use]
    pub const fn new(socket: PathBuf, grant: GrantId) -> Self {
        Self { socket, grant }
    }

    async fn exchange(
        &self,
        mut agent: SendRequest<ChannelBody>,
        bytes: mpsc::Receiver<Bytes>,
    ) -> Result<(StatusCode, Bytes), MatcherError> {
        let request = Request::post(format!("/v1/grants/{}/scan", self.grant))
            .header(HOST, "localhost")
            .body(ChannelBody(bytes))
            .map_err(lost)?;
        let answer = agent.send_request(request).await.map_err(lost)?;
        let status = answer.status();
        let body = Limited::new(answer.into_body(), LONGEST_ANSWER).collect();
        Ok((status, body.await.map_err(lost)?.to_bytes()))
    }
}

impl Matcher for ControlMatcher {
    // A connection of its own writes the bytes where they are; that of hyperlocal gathers them in a buffer first.
    async fn scan(&self, bytes: mpsc::Receiver<Bytes>) -> Result<ScanReport, MatcherError> {
        let stream = UnixStream::connect(&self.socket).await.map_err(lost)?;
        let (agent, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(lost)?;
        let mut exchange = Box::pin(self.exchange(agent, bytes));
        let (status, body) = select! {
            answer = &mut exchange => answer,
            // What went wrong on the connection, the exchange is told.
            _ = Box::pin(connection) => exchange.await,
        }?;
        let unclear = |_| MatcherError::Answer {
            status: status.as_u16(),
        };
        if status.is_success() {
            serde_json::from_slice(&body).map_err(unclear)
        } else {
            Err(MatcherError::Refused(
                serde_json::from_slice(&body).map_err(unclear)?,
            ))
        }
    }
}

fn lost(error: impl Into<Box<dyn Error + Send + Sync>>) -> MatcherError {
    MatcherError::Connection(error.into())
}

/// Ten times what 1,000 hits take.
const LONGEST_ANSWER: usize = 2 << 20;

#[cfg(test)]
mod tests {
    use keystay_proto::control::{Problem, ProblemCode};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::UnixListener,
    };

    use super::*;

    #[tokio::test]
    async fn the_bytes_are_posted_and_the_report_is_read() {
        let report = ScanReport {
            bytes: 7,
            hits: Vec::new(),
            truncated: false,
        };
        let (request, answer) = ask("200 OK", &serde_json::to_string(&report).unwrap()).await;
        assert!(request.starts_with("POST /v1/grants/0000000000000007/scan HTTP/1.1\r\n"));
        assert!(request.contains("transfer-encoding: chunked"));
        assert!(
            request.ends_with("3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"),
            "{request}"
        );
        assert_eq!(answer.unwrap(), report);
    }

    #[tokio::test]
    async fn a_problem_is_passed_on() {
        let problem = Problem::new(ProblemCode::Usage, "no such grant");
        let (_, answer) = ask("404 Not Found", &serde_json::to_string(&problem).unwrap()).await;
        assert!(matches!(answer, Err(MatcherError::Refused(same)) if same == problem));
    }

    #[tokio::test]
    async fn another_answer_is_not_a_report() {
        let (_, answer) = ask("200 OK", "{}").await;
        assert!(matches!(answer, Err(MatcherError::Answer { status: 200 })));
    }

    #[tokio::test]
    async fn an_agent_that_is_gone_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let matcher = ControlMatcher::new(folder.path().join("none"), GrantId::from_random([0; 8]));
        let answer = matcher.scan(mpsc::channel(1).1).await;
        assert!(matches!(answer, Err(MatcherError::Connection(_))));
    }

    async fn ask(status: &str, body: &str) -> (String, Result<ScanReport, MatcherError>) {
        let folder = tempfile::tempdir().unwrap();
        let socket = folder.path().join("control");
        let listener = UnixListener::bind(&socket).unwrap();
        let (sender, receiver) = mpsc::channel(2);
        sender.send(Bytes::from_static(b"abc")).await.unwrap();
        sender.send(Bytes::from_static(b"defg")).await.unwrap();
        drop(sender);
        let matcher = ControlMatcher::new(socket, GrantId::from_random([0, 0, 0, 0, 0, 0, 0, 7]));
        let answer = format!(
            "HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let serve = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = Vec::new();
            while !request.ends_with(b"0\r\n\r\n") {
                stream.read_buf(&mut request).await.unwrap();
            }
            stream.write_all(answer.as_bytes()).await.unwrap();
            (stream, String::from_utf8(request).unwrap())
        };
        let ((_stream, request), answer) = tokio::join!(serve, matcher.scan(receiver));
        (request, answer)
    }
}
