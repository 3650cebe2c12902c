//! Whether anybody serves the engine's socket.

use std::{io, path::Path, time::Duration};

use tokio::{net::UnixStream, time::timeout};

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

const PATIENCE: Duration = Duration::from_secs(5);
