//! A build step that waits until the test lets it go on.

use std::{
    io::{Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    time::Duration,
};

use keystay_tests::env::wait_until;

/// Where a step waits. It needs the host's network and bash.
pub(crate) struct Gate(TcpListener);

/// A step that waits.
pub(crate) struct Held(TcpStream);

impl Gate {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        listener.set_nonblocking(true).unwrap();
        Self(listener)
    }

    /// The command that waits: it fails when the gate is gone.
    pub(crate) fn command(&self) -> String {
        let port = self.0.local_addr().unwrap().port();
        format!("bash -c 'exec 3<>/dev/tcp/127.0.0.1/{port} && read -u 3'")
    }

    /// Waits until a step has come here.
    #[track_caller]
    pub(crate) fn reached(&self) -> Held {
        let mut step = None;
        wait_until("a step to come to its gate", PATIENCE, || {
            step = self.0.accept().ok();
            step.is_some()
        });
        let (stream, _) = step.unwrap();
        stream.set_nonblocking(false).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Held(stream)
    }
}

impl Held {
    /// Lets the step go on.
    #[track_caller]
    pub(crate) fn release(mut self) {
        self.0.write_all(b"\n").unwrap();
    }

    /// Waits until the step is gone.
    #[track_caller]
    pub(crate) fn until_cancelled(mut self) {
        let read = self.0.read(&mut [0]);
        let reset = |error: std::io::Error| error.kind() == std::io::ErrorKind::ConnectionReset;
        assert!(
            read.map_or_else(reset, |length| length == 0),
            "the step goes on"
        );
    }
}

const PATIENCE: Duration = Duration::from_mins(1);
