//! Whether the engine answers.

use std::{io, path::Path, time::Duration};

use bytes::Bytes;
use http_body_util::Empty;
use hyper::Request;
use tokio::time::timeout;

use crate::{
    engine::EngineError,
    unix_http::{self, io_error},
};

/// Asks the engine at a Unix socket for a sign of life; any answer is one.
pub(super) async fn ping(socket: &Path) -> Result<(), EngineError> {
    let silent = |source| EngineError::Silent {
        socket: socket.to_owned(),
        source,
    };
    let request = Request::get(unix_http::uri(socket, "/_ping")).body(Empty::<Bytes>::new());
    let request = request.map_err(|error| silent(io::Error::other(error)))?;
    match timeout(PATIENCE, unix_http::client().request(request)).await {
        Ok(Ok(_)) => Ok(()),
        Ok(Err(error)) => Err(silent(io_error(error))),
        Err(_) => Err(silent(io::ErrorKind::TimedOut.into())),
    }
}

const PATIENCE: Duration = Duration::from_secs(5);
