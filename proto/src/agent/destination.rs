//! Where a key may be used: `restrict-destination-v00@openssh.com` (OpenSSH PROTOCOL.agent §2).

use std::fmt;

use crate::{
    DecodeError,
    limits::{MAX_DESTINATIONS, MAX_HOST, MAX_KEY_BLOB, MAX_USER},
    wire::{Reader, Redacted, put_string},
};

/// One permitted step: from the origin or a host, to a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination<'a> {
    /// Where the request comes through; no host and no keys mean the machine of the agent.
    pub from: Hop<'a>,
    /// Where the key logs in, or is forwarded to.
    pub to: Hop<'a>,
}

/// One end of a [`Destination`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hop<'a> {
    /// A pattern of login names, empty for any; at most [`MAX_USER`] bytes.
    pub user: &'a [u8],
    /// The host's name, at most [`MAX_HOST`] bytes.
    pub host: &'a [u8],
    /// The host's keys.
    pub keys: Vec<HopKey<'a>>,
}

/// A key of a host, or of an authority that signs keys of hosts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct HopKey<'a> {
    /// The public key blob, opaque; at most [`MAX_KEY_BLOB`] bytes.
    pub blob: &'a [u8],
    /// Whether it signs certificates of hosts.
    pub is_authority: bool,
}

/// All constraints of one key; at most [`MAX_DESTINATIONS`].
pub(super) fn decode_list(bytes: &[u8]) -> Result<Vec<Destination<'_>>, DecodeError> {
    let mut reader = Reader::new(bytes);
    let mut destinations = Vec::new();
    while !reader.is_empty() {
        if destinations.len() == MAX_DESTINATIONS {
            return Err(DecodeError::TooMany {
                what: "destinations",
                limit: MAX_DESTINATIONS,
            });
        }
        destinations.push(Destination::decode(Reader::new(reader.string()?))?);
    }
    Ok(destinations)
}

pub(super) fn encode_list(destinations: &[Destination<'_>], out: &mut Vec<u8>) {
    let mut list = Vec::new();
    for destination in destinations {
        let mut one = Vec::new();
        destination.encode(&mut one);
        put_string(&mut list, &one);
    }
    put_string(out, &list);
}

impl<'a> Destination<'a> {
    fn decode(mut reader: Reader<'a>) -> Result<Self, DecodeError> {
        let from = Hop::decode(Reader::new(reader.string()?))?;
        let to = Hop::decode(Reader::new(reader.string()?))?;
        reserved(&mut reader)?;
        reader.finish()?;
        let origin = from.host.is_empty() == from.keys.is_empty() && from.user.is_empty();
        if !origin || to.host.is_empty() || to.keys.is_empty() {
            return Err(DecodeError::UnexpectedText {
                what: "destination",
            });
        }
        Ok(Self { from, to })
    }

    fn encode(&self, out: &mut Vec<u8>) {
        for hop in [&self.from, &self.to] {
            let mut bytes = Vec::new();
            hop.encode(&mut bytes);
            put_string(out, &bytes);
        }
        put_string(out, b"");
    }
}

impl<'a> Hop<'a> {
    fn decode(mut reader: Reader<'a>) -> Result<Self, DecodeError> {
        let user = reader.string_up_to(MAX_USER, "user")?;
        let host = reader.string_up_to(MAX_HOST, "host")?;
        reserved(&mut reader)?;
        let mut keys = Vec::new();
        while !reader.is_empty() {
            keys.push(HopKey {
                blob: reader.string_up_to(MAX_KEY_BLOB, "host key")?,
                is_authority: reader.bool()?,
            });
        }
        Ok(Self { user, host, keys })
    }

    fn encode(&self, out: &mut Vec<u8>) {
        put_string(out, self.user);
        put_string(out, self.host);
        put_string(out, b"");
        for key in &self.keys {
            put_string(out, key.blob);
            out.push(u8::from(key.is_authority));
        }
    }
}

/// A place for later versions; what stands there could restrict the key further.
fn reserved(reader: &mut Reader<'_>) -> Result<(), DecodeError> {
    if reader.string()?.is_empty() {
        return Ok(());
    }
    Err(DecodeError::UnexpectedText {
        what: "extension of a destination",
    })
}

impl fmt::Debug for HopKey<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HopKey")
            .field("blob", &Redacted(self.blob.len()))
            .field("is_authority", &self.is_authority)
            .finish()
    }
}
