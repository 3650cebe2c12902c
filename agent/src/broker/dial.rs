//! Connecting to a host, over others if need be, up to the login.

use std::{fmt, io, sync::Arc, time::Duration};

use keystay_proto::{control::Route, printable};
use russh::client::{Handle, connect_stream};
use tokio::{net::TcpStream, time::timeout};

use super::{
    FetchError, Target,
    login::{self, LoginError},
    order,
    tether::{Tether, Tethered, Wire},
    visitor::{self, VisitError, Visitor},
};
use crate::{
    key::{Key, NotKept},
    known_hosts::KnownHosts,
};

/// What is needed to reach hosts.
#[derive(Debug)]
pub(super) struct Dialer {
    pub(super) known_hosts: Arc<KnownHosts>,
    pub(super) keys: Vec<Arc<Key>>,
    pub(super) routes: Vec<Route>,
}

/// A connection to a host that has shown a known key.
pub(super) struct Link {
    pub(super) handle: Handle<Visitor>,
    /// The connection ends with it.
    _tether: Tether,
    /// The connection that it goes over.
    _over: Option<Box<Self>>,
}

impl Dialer {
    /// Connects to a host, and logs in to those on the way.
    pub(super) async fn connect(&self, target: &Target) -> Result<Link, FetchError> {
        let mut over = None;
        for hop in &target.jumps {
            let mut link = self.reach(hop, over).await?;
            self.pass(&mut link, hop).await?;
            over = Some(link);
        }
        self.reach(target, over).await
    }

    /// Logs in with a key; whether the host accepts it.
    pub(super) async fn login(
        &self,
        link: &mut Link,
        target: &Target,
        user: &str,
        key: &Arc<Key>,
    ) -> Result<bool, FetchError> {
        let login = login::login(&mut link.handle, user, key);
        match timeout(login::patience(key), login).await {
            Ok(Ok(accepted)) => Ok(accepted),
            Ok(Err(LoginError::Gone | LoginError::Sha1)) => Err(closed(target)),
            Ok(Err(LoginError::NotKept(source))) => Err(not_kept(key, source)),
            Ok(Err(LoginError::Sign(source))) => Err(FetchError::NoSignature {
                key: key.info.fingerprint,
                source: Arc::new(source),
            }),
            Err(_) => Err(timed_out(target)),
        }
    }

    /// Whether the agent still keeps a key, by its place.
    pub(super) fn check(&self, place: usize) -> Result<(), FetchError> {
        self.keys.get(place).map_or(Ok(()), |key| {
            (key.kept.check()).map_err(|source| not_kept(key, source))
        })
    }

    /// Logs in to a host on the way, with the first key that it accepts.
    async fn pass(&self, link: &mut Link, hop: &Target) -> Result<(), FetchError> {
        let user = hop.user.as_deref().unwrap_or_default();
        for place in order::for_hop(&self.keys, &self.routes, hop) {
            let Some(key) = self.keys.get(place) else {
                continue;
            };
            match self.login(link, hop, user, key).await {
                Ok(true) => return Ok(()),
                Ok(false) | Err(FetchError::NoSignature { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Err(FetchError::KeysRefused {
            host: hop.to_string(),
            user: printable(user),
        })
    }

    /// Connects to a host, directly or over another, and checks its key. Nothing is dialled where no
    /// key of it is known.
    async fn reach(&self, target: &Target, over: Option<Link>) -> Result<Link, FetchError> {
        if let Some(option) = target.unsupported {
            let host = target.to_string();
            return Err(FetchError::Unsupported { host, option });
        }
        let known = self.known_hosts.key_types(&target.name);
        let certificates = self.known_hosts.has_authority(&target.name);
        if known.is_empty() && !certificates {
            let host = target.name.clone();
            return Err(FetchError::HostKeyUnknown { host });
        }
        let config = Arc::new(visitor::config(&known, certificates));
        let opened = timeout(CONNECT, open(target, over.as_ref())).await;
        let wire = opened.map_err(|_| timed_out(target))??;
        let (wire, tether) = Tethered::new(wire);
        let visitor = Visitor::new(target, &self.known_hosts);
        let met = timeout(HANDSHAKE, connect_stream(config, wire, visitor)).await;
        let handle = met.map_err(|_| timed_out(target))?;
        let handle = handle.map_err(|error| failed(target, error))?;
        check_signature(target, &handle)?;
        Ok(Link {
            handle,
            _tether: tether,
            _over: over.map(Box::new),
        })
    }
}

async fn open(target: &Target, over: Option<&Link>) -> Result<Box<dyn Wire>, FetchError> {
    let (host, port) = (target.host.as_str(), target.port);
    let Some(link) = over else {
        let stream = TcpStream::connect((host, port)).await;
        let stream = stream.map_err(|source| unreachable(target, source))?;
        stream
            .set_nodelay(true)
            .map_err(|source| unreachable(target, source))?;
        return Ok(Box::new(stream));
    };
    let channel = link
        .handle
        .channel_open_direct_tcpip(host, u32::from(port), "127.0.0.1", 0)
        .await;
    let channel = channel.map_err(|error| failed(target, error.into()))?;
    Ok(Box::new(channel.into_stream()))
}

/// Checks that the host's key signed with an algorithm that was offered: the library takes any that the
/// key can make, RSA with SHA-1 too.
fn check_signature(target: &Target, handle: &Handle<Visitor>) -> Result<(), FetchError> {
    let exchange = handle.agent_session_binding();
    let algorithm = exchange.and_then(|it| keystay_proto::algorithm(it.signature()));
    if algorithm.is_some_and(visitor::signs_as_offered) {
        return Ok(());
    }
    let algorithm = printable(algorithm.unwrap_or("no algorithm"));
    Err(FetchError::Protocol {
        host: target.to_string(),
        why: format!("its key signed with {algorithm}, which was not agreed on"),
    })
}

/// What a failed handshake means to a person.
fn failed(target: &Target, error: VisitError) -> FetchError {
    use russh::Error;
    let host = target.to_string();
    match error {
        VisitError::Host(error) => error,
        VisitError::Ssh(Error::IO(source)) => unreachable(target, source),
        VisitError::Ssh(Error::HUP | Error::Disconnect | Error::SendError | Error::RecvError) => {
            FetchError::Closed { host }
        }
        VisitError::Ssh(Error::ChannelOpenFailure(_)) => {
            unreachable(target, io::ErrorKind::ConnectionRefused.into())
        }
        VisitError::Ssh(Error::NoCommonAlgo { kind, .. }) => {
            let why = format!("no common algorithm ({kind:?})");
            FetchError::Protocol { host, why }
        }
        VisitError::Ssh(error) => {
            let why = printable(error.to_string());
            FetchError::Protocol { host, why }
        }
    }
}

fn unreachable(target: &Target, source: io::Error) -> FetchError {
    FetchError::Unreachable {
        host: target.to_string(),
        source: Arc::new(source),
    }
}

pub(super) fn timed_out(target: &Target) -> FetchError {
    let host = target.to_string();
    FetchError::TimedOut { host }
}

pub(super) fn not_kept(key: &Key, source: NotKept) -> FetchError {
    let key = key.info.fingerprint;
    FetchError::NotKept { key, source }
}

pub(super) fn closed(target: &Target) -> FetchError {
    let host = target.to_string();
    FetchError::Closed { host }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

/// For a name's addresses and a TCP connection.
const CONNECT: Duration = Duration::from_secs(10);
const HANDSHAKE: Duration = Duration::from_secs(20);
