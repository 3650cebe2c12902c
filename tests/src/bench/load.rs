//! A load of signature requests on an agent's socket.

use std::{
    io::{self, Read as _, Write as _},
    os::unix::net::UnixStream,
    path::Path,
    thread,
    time::{Duration, Instant},
};

use keystay_proto::{
    agent::{Request, Response, SignFlags, SignRequest},
    frame,
    userauth::Userauth,
};

/// What an agent did under a load, in microseconds.
#[derive(Debug)]
pub(super) struct Served {
    /// The time of the run divided by the signatures made in it.
    pub(super) each: f64,
    /// What half of the requests took at most.
    pub(super) median: f64,
    /// What all but a hundredth of them took at most.
    pub(super) p99: f64,
}

/// Has the first key of an agent sign logins for a while, over connections that stay open, with
/// one request in flight on each.
pub(super) fn run(socket: &Path, connections: usize, time: Duration) -> io::Result<Served> {
    let message = login(socket)?;
    let peers: Vec<_> = (0..connections)
        .map(|_| UnixStream::connect(socket))
        .collect::<Result<_, _>>()?;
    let began = Instant::now();
    let mut latencies = thread::scope(|scope| {
        let asking: Vec<_> = peers
            .into_iter()
            .map(|peer| scope.spawn(|| ask(peer, &message, began + time)))
            .collect();
        let mut all = Vec::new();
        for asked in asking {
            let lost = |_| io::Error::other("a connection's thread ended early");
            all.extend(asked.join().map_err(lost)??);
        }
        Ok::<_, io::Error>(all)
    })?;
    let took = began.elapsed();
    latencies.sort_unstable();
    let at = |hundredths: usize| {
        let place = latencies.len().saturating_mul(hundredths) / 100;
        latencies.get(place).map_or(f64::NAN, |time| micros(*time))
    };
    let count = u32::try_from(latencies.len()).unwrap_or(u32::MAX);
    Ok(Served {
        each: micros(took) / f64::from(count),
        median: at(50),
        p99: at(99),
    })
}

/// Asks again and again; says how long each answer took.
fn ask(mut peer: UnixStream, message: &[u8], until: Instant) -> io::Result<Vec<Duration>> {
    let (mut latencies, mut answer) = (Vec::new(), Vec::new());
    loop {
        let began = Instant::now();
        if began >= until {
            return Ok(latencies);
        }
        exchange(&mut peer, message, &mut answer)?;
        latencies.push(began.elapsed());
        if !matches!(Response::decode(&answer), Ok(Response::SignResponse { .. })) {
            return Err(io::Error::other("the agent does not sign"));
        }
    }
}

/// A request to sign a login with the agent's first key.
fn login(socket: &Path) -> io::Result<Vec<u8>> {
    let mut peer = UnixStream::connect(socket)?;
    let mut answer = Vec::new();
    exchange(
        &mut peer,
        &framed(&Request::RequestIdentities)?,
        &mut answer,
    )?;
    let blob = match Response::decode(&answer) {
        Ok(Response::IdentitiesAnswer(keys)) => keys.first().map(|key| key.key_blob.to_vec()),
        _ => None,
    };
    let blob = blob.ok_or_else(|| io::Error::other("the agent lists no key"))?;
    let length = blob.get(3).copied().map_or(0, usize::from);
    let kind = blob.get(4..4 + length).unwrap_or_default();
    let kind = String::from_utf8_lossy(kind);
    let (flags, algorithm) = match kind.as_ref() {
        "ssh-rsa" => (SignFlags::RSA_SHA2_512, "rsa-sha2-512"),
        kind => (SignFlags(0), kind),
    };
    let mut data = Vec::new();
    Userauth {
        session_id: &[7; 32],
        user: b"git",
        service: "ssh-connection",
        algorithm,
        key_blob: &blob,
        host_key: None,
    }
    .encode(&mut data);
    framed(&Request::SignRequest(SignRequest {
        key_blob: &blob,
        data: &data,
        flags,
    }))
}

fn framed(request: &Request<'_>) -> io::Result<Vec<u8>> {
    let (mut body, mut message) = (Vec::new(), Vec::new());
    request.encode(&mut body);
    frame::join(&body, &mut message).map_err(io::Error::other)?;
    Ok(message)
}

fn exchange(peer: &mut UnixStream, message: &[u8], answer: &mut Vec<u8>) -> io::Result<()> {
    peer.write_all(message)?;
    let mut length = [0; 4];
    peer.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(usize::MAX);
    answer.resize(length.min(LONGEST_ANSWER), 0);
    peer.read_exact(answer)
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000_000.0
}

const LONGEST_ANSWER: usize = 256 * 1024;
