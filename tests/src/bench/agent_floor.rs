//! The floor under the rows of one connection: what an agent that does nothing needs.

use std::{
    io::{self, Read as _, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use keystay_proto::{
    agent::{Identity, Response},
    frame,
};

use super::{
    agent_load::{KEYS, RUNS, TIME},
    load,
    pairs::Row,
    sheet::Sheet,
};
use crate::lab::{Lab, LabError, UpstreamAgent};

/// A server that answers every request at once with the same bytes, and judges, records and signs
/// nothing, against the machine's `ssh-agent`: two wake-ups of the kernel and four system calls. A
/// target below this ratio cannot be reached on the machine.
pub(super) fn measure(sheet: &mut Sheet, lab: &Lab) -> Result<(), LabError> {
    for (key, name, _) in KEYS {
        let row = |what| Row {
            name: format!("agent, {name} × 1, floor: {what}"),
            unit: "µs",
            target: "",
        };
        let rows = [row("each"), row("p50"), row("p99")];
        if !rows.iter().any(|row| sheet.wants(&row.name)) {
            continue;
        }
        let agent = UpstreamAgent::with(&[lab.key(key)])?;
        let served = |socket: &Path| {
            let ours = || served(socket);
            sheet.group(rows, RUNS, ours, || served(agent.socket()))
        };
        let failed = LabError::file("serve in", Path::new("/tmp"));
        serve_while(served).map_err(failed)??;
    }
    Ok(())
}

fn served(socket: &Path) -> Result<[f64; 3], LabError> {
    let served =
        load::run(socket, 1, TIME).map_err(LabError::file("ask for signatures at", socket))?;
    Ok([served.each, served.median, served.p99])
}

/// Serves on a socket for as long as `work` takes.
fn serve_while<T>(work: impl FnOnce(&Path) -> T) -> io::Result<T> {
    let folder = tempfile::tempdir()?;
    let socket = folder.path().join("floor");
    let listener = UnixListener::bind(&socket)?;
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for peer in listener.incoming().map_while(Result::ok) {
                if is_over.load(Ordering::Relaxed) {
                    return;
                }
                scope.spawn(move || answer(peer));
            }
        });
        let done = work(&socket);
        is_over.store(true, Ordering::Relaxed);
        // It wakes the server, which sees that it is over.
        UnixStream::connect(&socket)?;
        Ok(done)
    })
}

/// Answers one request with each read: the load sends small ones, one at a time.
fn answer(mut peer: UnixStream) -> io::Result<()> {
    let key = Identity {
        key_blob: KEY,
        comment: b"",
    };
    let keys = framed(&Response::IdentitiesAnswer(vec![key]))?;
    let signature = framed(&Response::SignResponse { signature: KEY })?;
    let mut request = [0; 4096];
    while peer.read(&mut request)? > 0 {
        let [_, _, _, _, number, ..] = request;
        peer.write_all(if number == LIST { &keys } else { &signature })?;
    }
    Ok(())
}

fn framed(response: &Response<'_>) -> io::Result<Vec<u8>> {
    let (mut body, mut message) = (Vec::new(), Vec::new());
    response.encode(&mut body);
    frame::join(&body, &mut message).map_err(io::Error::other)?;
    Ok(message)
}

/// Of the right shape and length for a key and for a signature.
const KEY: &[u8] = b"\0\0\0\x0bssh-ed25519\0\0\0\x20the thirty-two bytes of a public";
/// `SSH_AGENTC_REQUEST_IDENTITIES`.
const LIST: u8 = 11;
