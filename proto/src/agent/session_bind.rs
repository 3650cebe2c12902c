//! What ssh tells an agent about the connection that it logs in on.

use std::fmt;

use crate::{
    DecodeError,
    limits::{MAX_KEY_BLOB, MAX_SESSION_ID, MAX_SIGNATURE},
    wire::{Reader, Redacted, put_string},
};

/// The body of the extension `session-bind@openssh.com` (OpenSSH PROTOCOL.agent §1). It proves
/// nothing before the signature is verified.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct SessionBind<'a> {
    /// The server's host key blob, opaque; at most [`MAX_KEY_BLOB`] bytes.
    pub host_key: &'a [u8],
    /// The hash that names the SSH connection; at most [`MAX_SESSION_ID`] bytes.
    pub session_id: &'a [u8],
    /// The host key's [`Signature`](crate::Signature) over the session id, encoded.
    pub signature: &'a [u8],
    /// Whether the agent is forwarded over the connection, rather than logged in with.
    pub is_forwarding: bool,
}

impl<'a> SessionBind<'a> {
    /// The name of the extension.
    pub const NAME: &'static [u8] = b"session-bind@openssh.com";

    /// Decodes the whole body of the extension.
    pub fn decode(body: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(body);
        let bind = Self {
            host_key: reader.string_up_to(MAX_KEY_BLOB, "host key")?,
            session_id: reader.string_up_to(MAX_SESSION_ID, "session id")?,
            signature: reader.string_up_to(MAX_SIGNATURE, "signature")?,
            is_forwarding: reader.bool()?,
        };
        reader.finish()?;
        Ok(bind)
    }

    /// Appends the body to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        put_string(out, self.host_key);
        put_string(out, self.session_id);
        put_string(out, self.signature);
        out.push(u8::from(self.is_forwarding));
    }
}

impl fmt::Debug for SessionBind<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionBind")
            .field("host_key", &Redacted(self.host_key.len()))
            .field("session_id", &Redacted(self.session_id.len()))
            .field("signature", &Redacted(self.signature.len()))
            .field("is_forwarding", &self.is_forwarding)
            .finish()
    }
}
