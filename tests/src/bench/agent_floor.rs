//! The floor under the rows of the agent: what one needs that signs, and does nothing else.

use std::{
    io::{self, Read as _, Write as _},
    os::unix::net::{UnixListener, UnixStream},
    path::Path,
    sync::atomic::{AtomicBool, Ordering},
    thread,
};

use aws_lc_rs::{
    error::Unspecified,
    rand::SystemRandom,
    rsa::{KeyPair, KeySize},
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, RSA_PKCS1_SHA512},
};
use keystay_proto::{
    agent::{Identity, Response},
    frame,
};

use super::{
    agent_load::{CONNECTIONS, KEYS, RUNS, TIME},
    load,
    pairs::Row,
    sheet::Sheet,
};
use crate::lab::{Lab, LabError, UpstreamAgent};

/// A server that has the library sign every request's bytes, and judges and records nothing, against the
/// machine's `ssh-agent`. A target below this ratio cannot be reached on the machine.
pub(super) fn measure(sheet: &mut Sheet, lab: &Lab) -> Result<(), LabError> {
    for (key, name, ..) in KEYS {
        for connections in CONNECTIONS {
            let row = |what| Row {
                name: format!("agent, {name} × {connections}, floor: {what}"),
                unit: "µs",
                target: "",
            };
            let rows = ["each", "p99"].map(row);
            if !rows.iter().any(|row| sheet.wants(&row.name)) {
                continue;
            }
            let failed = |error| LabError::file("serve in", Path::new("/tmp"))(error);
            let agent = UpstreamAgent::with(&[lab.key(key)])?;
            let bare = Bare::of(name).map_err(|_| failed(io::Error::other("no key")))?;
            let served = |socket: &Path| {
                let ours = || served(socket, connections);
                let theirs = || served(agent.socket(), connections);
                sheet.group(rows, RUNS, ours, theirs)
            };
            serve_while(&bare, served).map_err(failed)??;
        }
    }
    Ok(())
}

fn served(socket: &Path, connections: usize) -> Result<[f64; 2], LabError> {
    let served = load::run(socket, connections, TIME)
        .map_err(LabError::file("ask for signatures at", socket))?;
    Ok([served.each, served.p99])
}

/// A fresh key of the library.
enum Bare {
    Ed25519(Ed25519KeyPair),
    Ecdsa(EcdsaKeyPair),
    Rsa(KeyPair),
}

impl Bare {
    fn of(name: &str) -> Result<Self, Unspecified> {
        Ok(match name {
            "ed25519" => Self::Ed25519(Ed25519KeyPair::generate()?),
            "ecdsa-p256" => Self::Ecdsa(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_ASN1_SIGNING)?),
            _ => Self::Rsa(KeyPair::generate(KeySize::Rsa3072)?),
        })
    }

    fn sign(&self, message: &[u8]) -> Result<(), Unspecified> {
        let random = SystemRandom::new();
        match self {
            Self::Ed25519(key) => drop(key.sign(message)),
            Self::Ecdsa(key) => drop(key.sign(&random, message)?),
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA512, &random, message, &mut signature)?;
            }
        }
        Ok(())
    }
}

/// Serves on a socket for as long as `work` takes.
fn serve_while<T>(bare: &Bare, work: impl FnOnce(&Path) -> T) -> io::Result<T> {
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
                scope.spawn(move || answer(peer, bare));
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
fn answer(mut peer: UnixStream, bare: &Bare) -> io::Result<()> {
    let key = Identity {
        key_blob: KEY,
        comment: b"",
    };
    let keys = framed(&Response::IdentitiesAnswer(vec![key]))?;
    let signature = framed(&Response::SignResponse { signature: KEY })?;
    let mut request = [0; 4096];
    loop {
        let length = peer.read(&mut request)?;
        match request.get(..length).unwrap_or_default() {
            [] => return Ok(()),
            [_, _, _, _, LIST, ..] => peer.write_all(&keys)?,
            message => {
                bare.sign(message).map_err(io::Error::other)?;
                peer.write_all(&signature)?;
            }
        }
    }
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
