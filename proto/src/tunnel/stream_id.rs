//! Names of streams.

use std::fmt;

use super::ALGORITHM;
use crate::wire::{Reader, put_string};

/// The name of a stream: 16 random bytes that the shim draws. Who does not know it cannot speak for
/// the stream.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StreamId(pub [u8; 16]);

/// A name is what admits to the stream, so it is not shown.
impl fmt::Debug for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StreamId(…)")
    }
}

/// The stream that a key blob names, if it is one of the tunnel's.
#[must_use]
pub fn stream_of(key_blob: &[u8]) -> Option<StreamId> {
    let mut reader = Reader::new(key_blob);
    if reader.string() != Ok(ALGORITHM.as_bytes()) {
        return None;
    }
    let id = reader.array().ok()?;
    reader.finish().ok().map(|()| StreamId(id))
}

/// The key blob that names a stream.
#[must_use]
pub fn key_blob(id: StreamId) -> Vec<u8> {
    let mut blob = Vec::with_capacity(ALGORITHM.len().saturating_add(20));
    put_string(&mut blob, ALGORITHM.as_bytes());
    blob.extend_from_slice(&id.0);
    blob
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_blob_names_its_stream() {
        let id = StreamId(*b"0123456789abcdef");
        assert_eq!(stream_of(&key_blob(id)), Some(id));
    }

    #[test]
    fn any_other_key_blob_names_none() {
        let blob = key_blob(StreamId([7; 16]));
        for other in [&blob[..blob.len() - 1], &[&blob[..], b"x"].concat(), b""] {
            assert_eq!(stream_of(other), None);
        }
        assert_eq!(stream_of(b"\0\0\0\x0bssh-ed25519\0\0\0\0"), None);
    }

    #[test]
    fn a_name_is_not_shown() {
        assert_eq!(format!("{:?}", StreamId([7; 16])), "StreamId(…)");
    }
}
