//! What a request to sign is for, told from the data to be signed alone.

use std::time::SystemTime;

use keystay_proto::{agent::SignRequest, control::Intent, printable, sshsig, userauth::Userauth};

use super::{Bound, bound::OtherSession};
use crate::known_hosts::ShownKey;

/// A request to sign, identified.
#[derive(Debug)]
pub(crate) struct Demand<'a> {
    /// The public key blob whose signature is asked for.
    pub(crate) key_blob: &'a [u8],
    /// What the signature would be good for.
    pub(crate) purpose: Purpose<'a>,
    /// The host key that the login shows, where it shows one; by itself, or by what its connection is
    /// bound to.
    pub(crate) host_key: Result<Option<ShownKey>, OtherSession>,
}

/// What a signature would be good for.
#[derive(Debug)]
pub(crate) enum Purpose<'a> {
    /// A login with exactly this key.
    Login(Userauth<'a>),
    /// Signed data under a namespace.
    SshSig(sshsig::SignedData<'a>),
    /// Nothing that is known.
    Unknown,
}

impl<'a> Demand<'a> {
    /// Identifies a request. A login counts as one only if the key inside it is the key that is
    /// asked to sign, byte for byte. A host certificate counts if it is valid `now`.
    pub(crate) fn identify(request: &SignRequest<'a>, bound: &Bound, now: SystemTime) -> Self {
        let purpose = purpose(request);
        let host_key = match &purpose {
            Purpose::Login(login) => bound.host_key(login),
            Purpose::SshSig(_) | Purpose::Unknown => Ok(None),
        };
        Self {
            key_blob: request.key_blob,
            host_key: host_key.map(|key| key.map(|key| ShownKey::new(key, now))),
            purpose,
        }
    }

    /// The intent as records name it.
    pub(crate) fn intent(&self) -> Intent {
        match self.purpose {
            Purpose::Login(_) => Intent::Login,
            Purpose::SshSig(_) => Intent::SshSig,
            Purpose::Unknown => Intent::Unknown,
        }
    }

    /// The login name asked for, made printable.
    pub(crate) fn user(&self) -> Option<String> {
        match &self.purpose {
            Purpose::Login(login) => Some(printable(login.user)),
            Purpose::SshSig(_) | Purpose::Unknown => None,
        }
    }

    /// What else there is to tell a person about it.
    pub(crate) fn detail(&self) -> Option<String> {
        match &self.purpose {
            Purpose::Login(_) => None,
            Purpose::SshSig(data) => Some(format!("sshsig {}", printable(data.namespace))),
            Purpose::Unknown => Some("unknown data".to_owned()),
        }
    }
}

fn purpose<'a>(request: &SignRequest<'a>) -> Purpose<'a> {
    if let Ok(login) = Userauth::decode(request.data)
        && login.key_blob == request.key_blob
    {
        return Purpose::Login(login);
    }
    sshsig::SignedData::decode(request.data).map_or(Purpose::Unknown, Purpose::SshSig)
}
