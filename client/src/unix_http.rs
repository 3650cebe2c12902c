//! HTTP over Unix sockets.

use std::{error::Error, io, path::Path};

use bytes::Bytes;
use hyper::{Uri, body::Body};
use hyper_util::{client::legacy::Client, rt::TokioExecutor};
use hyperlocal::UnixConnector;

/// A client for any Unix socket.
pub(crate) fn client<B>() -> Client<UnixConnector, B>
where
    B: Body<Data = Bytes> + Send + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
{
    Client::builder(TokioExecutor::new()).build(UnixConnector)
}

/// The address of a path served on a socket.
pub(crate) fn uri(socket: &Path, path: &str) -> Uri {
    hyperlocal::Uri::new(socket, path).into()
}

/// The system's error below a client's, so that people read "permission denied" and not "connect
/// error".
pub(crate) fn io_error(error: hyper_util::client::legacy::Error) -> io::Error {
    let mut cause: Option<&dyn Error> = Some(&error);
    while let Some(inner) = cause {
        if let Some(system) = inner.downcast_ref::<io::Error>() {
            return match system.raw_os_error() {
                Some(number) => io::Error::from_raw_os_error(number),
                None => io::Error::new(system.kind(), system.to_string()),
            };
        }
        cause = inner.source();
    }
    io::Error::other(error)
}
