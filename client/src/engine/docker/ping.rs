//! Whether anybody serves the engine's socket, and which version.

use std::{io, path::Path, time::Duration};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::UnixStream,
    time::timeout,
};

use crate::engine::EngineError;

/// Connects to the engine at a Unix socket, and asks nothing: a request would cost a cached build a
/// hundredth of its time, and docker tells by itself what an engine that serves does not do.
pub(super) async fn ping(socket: &Path) -> Result<(), EngineError> {
    let silent = |source| EngineError::Silent {
        socket: socket.to_owned(),
        source,
    };
    match timeout(PATIENCE, UnixStream::connect(socket)).await {
        Ok(connected) => connected.map(drop).map_err(silent),
        Err(_) => Err(silent(io::ErrorKind::TimedOut.into())),
    }
}

/// What an engine says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Answer {
    /// The version of its API.
    pub(super) api: (u32, u32),
    /// Its name and version, as in `Docker/26.1.5`.
    pub(super) server: String,
}

/// Asks the engine at a Unix socket for its version: `GET /_ping`, one exchange, of which the header
/// is read.
pub(super) async fn version(socket: &Path) -> Option<Answer> {
    let head = timeout(PATIENCE, exchange(socket)).await.ok()?.ok()?;
    Answer::of(&head)
}

async fn exchange(socket: &Path) -> io::Result<String> {
    let mut stream = UnixStream::connect(socket).await?;
    stream.write_all(REQUEST).await?;
    let mut answer = Vec::new();
    stream.take(LONGEST).read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

impl Answer {
    fn of(head: &str) -> Option<Self> {
        let field = |name: &str| {
            let lines = head.lines().take_while(|line| !line.is_empty());
            let mut fields = lines.filter_map(|line| line.split_once(':'));
            fields
                .find(|(known, _)| known.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.trim())
        };
        Some(Self {
            api: two_numbers(field("Api-Version")?)?,
            server: field("Server").unwrap_or_default().to_owned(),
        })
    }
}

/// The first two numbers of a version.
pub(super) fn two_numbers(version: &str) -> Option<(u32, u32)> {
    let mut numbers = version.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

const PATIENCE: Duration = Duration::from_secs(5);
const REQUEST: &[u8] = b"GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n";
/// Longer than any engine's answer.
const LONGEST: u64 = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_the_header() {
        let head =
            "HTTP/1.1 200 OK\r\nApi-Version: 1.45\r\nServer: Docker/26.1.5+dfsg1 (linux)\r\n\r\nOK";
        assert_eq!(
            Answer::of(head),
            Some(Answer {
                api: (1, 45),
                server: "Docker/26.1.5+dfsg1 (linux)".to_owned()
            })
        );
        assert_eq!(Answer::of("HTTP/1.1 500 Oh\r\n\r\nApi-Version: 1.45"), None);
    }
}
