//! Logging in with a key of the grant.

use std::{sync::Arc, time::Duration};

use russh::{
    SendError,
    client::{AuthResult, Handle},
    keys::{Certificate, HashAlg, PublicKey, agent::AgentIdentity, key::parse_public_key},
};
use tracing::debug;

use super::visitor::Visitor;
use crate::{
    key::{Key, NotKept},
    sign::{SignError, Signer, key_type},
};

/// Why a login could not be tried. That a key is not accepted is none of these.
#[derive(Debug, thiserror::Error)]
pub(super) enum LoginError {
    /// The connection is gone.
    #[error("the connection is gone")]
    Gone,
    /// The host takes no signature of an RSA key but with SHA-1.
    #[error("the host takes RSA keys with SHA-1 only")]
    Sha1,
    /// The agent keeps the key no longer.
    #[error(transparent)]
    NotKept(#[from] NotKept),
    /// The key's signature could not be made.
    #[error(transparent)]
    Sign(SignError),
}

impl From<SendError> for LoginError {
    fn from(_: SendError) -> Self {
        Self::Gone
    }
}

/// How long a person may take to touch the device of another agent's key.
pub(super) fn patience(key: &Key) -> Duration {
    match key.signer {
        Signer::Local(_) => MACHINE,
        Signer::Upstream(_) => PERSON,
    }
}

/// Whether the host accepts the key for the user. A key of a type that the SSH library does not know
/// is not offered.
pub(super) async fn login(
    handle: &mut Handle<Visitor>,
    user: &str,
    key: &Arc<Key>,
) -> Result<bool, LoginError> {
    let Some(shown) = Shown::of(&key.blob) else {
        debug!(key = %key.info.fingerprint, "a key of an unknown type is not offered");
        return Ok(false);
    };
    let hash = match hash(handle, &key.blob).await {
        Err(LoginError::Sha1) => return Ok(false),
        hash => hash?,
    };
    let mut hand = Hand(key);
    let result = match shown {
        Shown::Plain(public) => {
            handle
                .authenticate_publickey_with(user, public, hash, &mut hand)
                .await
        }
        Shown::Certified(certificate) => {
            handle
                .authenticate_certificate_with(user, *certificate, hash, &mut hand)
                .await
        }
    };
    match result {
        Ok(AuthResult::Success) => Ok(true),
        Ok(AuthResult::Failure { .. }) if handle.is_closed() => Err(LoginError::Gone),
        Ok(AuthResult::Failure { .. }) => Ok(false),
        Err(LoginError::Sign(error)) => {
            debug!(key = %key.info.fingerprint, %error, "the key does not sign");
            Err(LoginError::Sign(error))
        }
        Err(error) => Err(error),
    }
}

/// What a host is shown of a key.
enum Shown {
    Plain(PublicKey),
    Certified(Box<Certificate>),
}

impl Shown {
    /// The blob comes from a key source, never from a build: its decoder is safe up to a few nested
    /// certificates, which [`parse_public_key`] checks.
    fn of(blob: &[u8]) -> Option<Self> {
        let public = parse_public_key(blob).ok()?;
        if !key_type(blob)?.ends_with(CERTIFICATE) {
            let whole = public.to_bytes().is_ok_and(|bytes| bytes == blob);
            return whole.then_some(Self::Plain(public));
        }
        let certificate = Certificate::from_bytes(blob).ok()?;
        Some(Self::Certified(Box::new(certificate)))
    }
}

/// The hash that an RSA key signs with, none for other keys.
async fn hash(handle: &Handle<Visitor>, blob: &[u8]) -> Result<Option<HashAlg>, LoginError> {
    if !key_type(blob).is_some_and(|name| name.starts_with(RSA)) {
        return Ok(None);
    }
    let best = handle.best_supported_rsa_hash().await;
    match best.map_err(|_| LoginError::Gone)? {
        // A host that tells nothing may still know it, and since 2016 most do.
        None => Ok(Some(HashAlg::Sha512)),
        Some(None) => Err(LoginError::Sha1),
        Some(hash) => Ok(hash),
    }
}

/// Signs with a key.
struct Hand<'a>(&'a Key);

impl russh::Signer for Hand<'_> {
    type Error = LoginError;

    /// The library takes what it gave, with the signature behind it as a `string`.
    async fn auth_sign(
        &mut self,
        _: &AgentIdentity,
        hash: Option<HashAlg>,
        mut request: Vec<u8>,
    ) -> Result<Vec<u8>, LoginError> {
        let flags = match hash {
            Some(HashAlg::Sha512) => RSA_SHA2_512,
            Some(_) => RSA_SHA2_256,
            None => 0,
        };
        self.0.kept.check()?;
        let made = self.0.signer.sign(&request, flags).await;
        let signature = made.map_err(LoginError::Sign)?;
        let length = u32::try_from(signature.len()).map_err(|_| LoginError::Gone)?;
        request.extend_from_slice(&length.to_be_bytes());
        request.extend_from_slice(&signature);
        Ok(request)
    }
}

const MACHINE: Duration = Duration::from_secs(20);
const PERSON: Duration = Duration::from_mins(1);
const CERTIFICATE: &str = "-cert-v01@openssh.com";
const RSA: &str = "ssh-rsa";
const RSA_SHA2_256: u32 = 2;
const RSA_SHA2_512: u32 = 4;
