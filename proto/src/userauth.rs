//! What an SSH client signs to log in with a key.

use std::fmt;

use crate::{
    DecodeError,
    limits::{MAX_KEY_BLOB, MAX_SESSION_ID, MAX_USER, SESSION_ID_LENGTHS},
    name,
    wire::{Reader, Redacted, put_string},
};

/// The signed data of a public key login: `publickey` (RFC 4252 §7), or
/// `publickey-hostbound-v00@openssh.com` (OpenSSH PROTOCOL §3.1), which adds the server's host key.
///
/// The user is bytes, as the protocol does not forbid any; service and algorithm are names.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Userauth<'a> {
    /// The hash that names the SSH connection: 20, 32, 48 or 64 bytes.
    pub session_id: &'a [u8],
    /// The login name, at most [`MAX_USER`] bytes; text of the outside.
    pub user: &'a [u8],
    /// The service that is asked for after the login, a name as RFC 4251 §6 defines them.
    pub service: &'a str,
    /// The signature algorithm, likewise a name.
    pub algorithm: &'a str,
    /// The public key blob that is logged in with, opaque; at most [`MAX_KEY_BLOB`] bytes.
    pub key_blob: &'a [u8],
    /// The server's host key blob, opaque, in the host-bound form; at most [`MAX_KEY_BLOB`] bytes.
    pub host_key: Option<&'a [u8]>,
}

impl<'a> Userauth<'a> {
    /// Decodes exactly a login request: what is anything more or less is an error.
    pub fn decode(data: &'a [u8]) -> Result<Self, DecodeError> {
        let mut reader = Reader::new(data);
        let session_id = session_id(&mut reader)?;
        message_number(&mut reader)?;
        let user = reader.string_up_to(MAX_USER, "user")?;
        let service = name::parse(reader.string()?, "service")?;
        let host_bound = is_host_bound(reader.string()?)?;
        has_signature(&mut reader)?;
        let algorithm = name::parse(reader.string()?, "algorithm")?;
        let key_blob = reader.string_up_to(MAX_KEY_BLOB, "key blob")?;
        let host_key = host_bound
            .then(|| reader.string_up_to(MAX_KEY_BLOB, "host key"))
            .transpose()?;
        reader.finish()?;
        Ok(Self {
            session_id,
            user,
            service,
            algorithm,
            key_blob,
            host_key,
        })
    }

    /// Appends the signed data to `out`.
    pub fn encode(&self, out: &mut Vec<u8>) {
        put_string(out, self.session_id);
        out.push(USERAUTH_REQUEST);
        put_string(out, self.user);
        put_string(out, self.service.as_bytes());
        put_string(
            out,
            if self.host_key.is_some() {
                HOST_BOUND
            } else {
                PLAIN
            },
        );
        out.push(1);
        put_string(out, self.algorithm.as_bytes());
        put_string(out, self.key_blob);
        if let Some(host_key) = self.host_key {
            put_string(out, host_key);
        }
    }
}

fn session_id<'a>(reader: &mut Reader<'a>) -> Result<&'a [u8], DecodeError> {
    let session_id = reader.string_up_to(MAX_SESSION_ID, "session id")?;
    let length = session_id.len();
    if !SESSION_ID_LENGTHS.contains(&length) {
        return Err(DecodeError::UnexpectedLength {
            what: "session id",
            length,
        });
    }
    Ok(session_id)
}

fn message_number(reader: &mut Reader<'_>) -> Result<(), DecodeError> {
    match reader.u8()? {
        USERAUTH_REQUEST => Ok(()),
        number => Err(DecodeError::UnexpectedNumber {
            what: "message number",
            number,
        }),
    }
}

fn is_host_bound(method: &[u8]) -> Result<bool, DecodeError> {
    match method {
        PLAIN => Ok(false),
        HOST_BOUND => Ok(true),
        _ => Err(DecodeError::UnexpectedText { what: "method" }),
    }
}

fn has_signature(reader: &mut Reader<'_>) -> Result<(), DecodeError> {
    if reader.bool()? {
        return Ok(());
    }
    Err(DecodeError::UnexpectedNumber {
        what: "signature flag",
        number: 0,
    })
}

impl fmt::Debug for Userauth<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Userauth")
            .field("session_id", &Redacted(self.session_id.len()))
            .field("user", &self.user.escape_ascii().to_string())
            .field("service", &self.service)
            .field("algorithm", &self.algorithm)
            .field("key_blob", &Redacted(self.key_blob.len()))
            .field("host_key", &self.host_key.map(|key| Redacted(key.len())))
            .finish()
    }
}

/// `SSH_MSG_USERAUTH_REQUEST` (RFC 4252 §6).
const USERAUTH_REQUEST: u8 = 50;
const PLAIN: &[u8] = b"publickey";
const HOST_BOUND: &[u8] = b"publickey-hostbound-v00@openssh.com";
