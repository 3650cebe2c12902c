//! This side of an SSH connection: what it offers, whom it trusts, what it lets a host do.

use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, SystemTime},
};

use russh::{
    Channel, Preferred, SshId, cipher,
    client::{ChannelOpenHandle, Config, Handler, Msg, Session},
    keys::{Algorithm, EcdsaCurve, HashAlg, PublicKeyOrCertificate},
};

use super::{FetchError, Target};
use crate::known_hosts::{Check, KnownHosts, ShownKey};

/// Checks a host's key, and refuses everything else that a host may ask.
pub(super) struct Visitor {
    /// The host as `known_hosts` names it.
    name: String,
    known_hosts: Arc<KnownHosts>,
}

/// Why a connection was not made.
#[derive(Debug, thiserror::Error)]
pub(super) enum VisitError {
    /// The host's key is not a known one.
    #[error(transparent)]
    Host(FetchError),
    /// The connection failed.
    #[error(transparent)]
    Ssh(#[from] russh::Error),
}

impl Visitor {
    pub(super) fn new(target: &Target, known_hosts: &Arc<KnownHosts>) -> Self {
        Self {
            name: target.name.clone(),
            known_hosts: Arc::clone(known_hosts),
        }
    }

    fn check(&self, key: &[u8]) -> Result<(), FetchError> {
        let host = self.name.clone();
        let shown = ShownKey::new(key, SystemTime::now());
        match self.known_hosts.check(&host, &shown) {
            Check::Match => Ok(()),
            Check::Unknown => Err(FetchError::HostKeyUnknown { host }),
            Check::Changed { known } => Err(FetchError::HostKeyChanged { host, known }),
            Check::Revoked { known } => Err(FetchError::HostKeyRevoked { host, known }),
        }
    }
}

/// The library would accept every channel that a host opens.
impl Handler for Visitor {
    type Error = VisitError;

    async fn check_server_key(&mut self, key: &PublicKeyOrCertificate) -> Result<bool, VisitError> {
        let blob = match key {
            PublicKeyOrCertificate::PublicKey { key, .. } => key.to_bytes(),
            PublicKeyOrCertificate::Certificate(certificate) => certificate.to_bytes(),
        };
        let blob = blob.map_err(russh::Error::from)?;
        self.check(&blob).map_err(VisitError::Host)?;
        Ok(true)
    }

    async fn server_channel_open_forwarded_tcpip(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), VisitError> {
        refuse(reply)
    }

    async fn server_channel_open_forwarded_streamlocal(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), VisitError> {
        refuse(reply)
    }

    async fn server_channel_open_agent_forward(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), VisitError> {
        refuse(reply)
    }

    async fn server_channel_open_session(
        &mut self,
        _: Channel<Msg>,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), VisitError> {
        refuse(reply)
    }

    async fn server_channel_open_direct_tcpip(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), VisitError> {
        refuse(reply)
    }

    async fn server_channel_open_direct_streamlocal(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), VisitError> {
        refuse(reply)
    }

    async fn server_channel_open_x11(
        &mut self,
        _: Channel<Msg>,
        _: &str,
        _: u32,
        reply: ChannelOpenHandle,
        _: &mut Session,
    ) -> Result<(), VisitError> {
        refuse(reply)
    }
}

/// Dropping the handle refuses.
#[expect(clippy::unnecessary_wraps, reason = "every caller returns it")]
fn refuse(reply: ChannelOpenHandle) -> Result<(), VisitError> {
    drop(reply);
    Ok(())
}

/// What is offered to a host that is known by keys of these types. Its key comes in one of these if
/// it has one, so that a host is not taken for changed because it has other keys too. Certificates are
/// asked for where an authority of the host is known.
pub(super) fn config(known: &[&str], certificates: bool) -> Config {
    let (mut first, others): (Vec<_>, Vec<_>) = HOST_KEYS
        .into_iter()
        .partition(|(name, _)| known.contains(name));
    first.extend(others);
    let key: Vec<_> = first.into_iter().map(|(_, algorithm)| algorithm).collect();
    let certified = if certificates {
        key.clone()
    } else {
        Vec::new()
    };
    let preferred = Preferred {
        key: Cow::Owned(key),
        host_key_certificates: Cow::Owned(certified),
        cipher: Cow::Borrowed(CIPHERS),
        ..Preferred::DEFAULT
    };
    Config {
        client_id: SshId::Standard(Cow::Borrowed(CLIENT_ID)),
        preferred,
        window_size: WINDOW,
        channel_buffer_size: BUFFERED_PACKETS,
        keepalive_interval: Some(KEEPALIVE),
        keepalive_max: MISSED_KEEPALIVES,
        nodelay: true,
        ..Config::default()
    }
}

/// Whether a signature of this algorithm is one that [`config`] offers.
pub(super) fn signs_as_offered(algorithm: &str) -> bool {
    let mut offered = HOST_KEYS.into_iter();
    offered.any(|(_, offered)| offered.as_str() == algorithm)
}

const CLIENT_ID: &str = "SSH-2.0-Keystay";
/// No SHA-1 and no DSA.
const HOST_KEYS: [(&str, Algorithm); 6] = [
    ("ssh-ed25519", Algorithm::Ed25519),
    ("ecdsa-sha2-nistp256", ecdsa(EcdsaCurve::NistP256)),
    ("ecdsa-sha2-nistp384", ecdsa(EcdsaCurve::NistP384)),
    ("ecdsa-sha2-nistp521", ecdsa(EcdsaCurve::NistP521)),
    ("ssh-rsa", rsa(HashAlg::Sha512)),
    ("ssh-rsa", rsa(HashAlg::Sha256)),
];
/// The fastest first where the processor has AES.
const CIPHERS: &[cipher::Name] = &[
    cipher::AES_256_GCM,
    cipher::AES_128_GCM,
    cipher::CHACHA20_POLY1305,
    cipher::AES_256_CTR,
    cipher::AES_128_CTR,
];
/// What may be on its way on one channel: 250 MB/s at 30 ms, where OpenSSH's window of 2 MiB lets
/// 65 pass.
const WINDOW: u32 = 8 * 1024 * 1024;
/// The window is opened again when bytes arrive, not when they are taken, so it bounds nothing: this
/// does, with packets of 32 KiB. A channel whose buffer is full holds up its connection.
const BUFFERED_PACKETS: usize = 8;
const KEEPALIVE: Duration = Duration::from_secs(15);
const MISSED_KEEPALIVES: usize = 3;

const fn ecdsa(curve: EcdsaCurve) -> Algorithm {
    Algorithm::Ecdsa { curve }
}

const fn rsa(hash: HashAlg) -> Algorithm {
    Algorithm::Rsa { hash: Some(hash) }
}
