//! What a connection has proved about the host that it logs in to (OpenSSH PROTOCOL.agent §1).

use keystay_proto::{DecodeError, agent::SessionBind, userauth::Userauth};

use crate::sign::is_signed;

/// The SSH session that a connection to a grant's socket is bound to.
#[derive(Debug, Default)]
pub(crate) enum Bound {
    /// It said nothing of one. Engines pass no bind on.
    #[default]
    Unbound,
    /// A host proved that the session is with it.
    Session {
        /// Its public key blob, or a certificate of it.
        host_key: Vec<u8>,
        /// The hash that names the session.
        id: Vec<u8>,
    },
    /// A bind was refused: what the connection says of hosts is not believed any more.
    Broken,
}

/// Why a bind is refused.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BindError {
    /// It cannot be decoded.
    #[error("session-bind: {0}")]
    Malformed(DecodeError),
    /// A grant is for the build, and not for those who it logs in to.
    #[error("session-bind: the agent is not forwarded to a host")]
    Forwarding,
    /// The host key did not sign the session, or with an algorithm that does not count.
    #[error("session-bind: not signed by the host key")]
    NotSigned,
    /// The connection is bound already, or a bind failed before.
    #[error("session-bind: after another one")]
    Again,
}

/// A login that is not of the session that its connection is bound to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OtherSession;

impl Bound {
    /// Takes a bind if its host key signed its session id, and the connection was not bound to another
    /// session before. The same bind may come again.
    pub(crate) fn bind(&mut self, body: &[u8]) -> Result<(), BindError> {
        let taken = self.take(body);
        if taken.is_err() {
            *self = Self::Broken;
        }
        taken
    }

    /// The host key that a login of this connection shows: the session's, or else its own, and both where
    /// they are the same.
    pub(crate) fn host_key<'a>(
        &'a self,
        login: &Userauth<'a>,
    ) -> Result<Option<&'a [u8]>, OtherSession> {
        match self {
            Self::Unbound => Ok(login.host_key),
            Self::Session { host_key, id }
                if *id == login.session_id
                    && login.host_key.is_none_or(|shown| shown == host_key) =>
            {
                Ok(Some(host_key))
            }
            Self::Session { .. } | Self::Broken => Err(OtherSession),
        }
    }

    fn take(&mut self, body: &[u8]) -> Result<(), BindError> {
        let bind = SessionBind::decode(body).map_err(BindError::Malformed)?;
        match self {
            _ if bind.is_forwarding => Err(BindError::Forwarding),
            Self::Session { host_key, id }
                if *id == bind.session_id && *host_key == bind.host_key =>
            {
                Ok(())
            }
            Self::Session { .. } | Self::Broken => Err(BindError::Again),
            Self::Unbound if !is_signed(bind.host_key, bind.session_id, bind.signature) => {
                Err(BindError::NotSigned)
            }
            Self::Unbound => {
                *self = Self::Session {
                    host_key: bind.host_key.to_vec(),
                    id: bind.session_id.to_vec(),
                };
                Ok(())
            }
        }
    }
}
