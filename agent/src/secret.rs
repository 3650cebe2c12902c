//! Bytes that must not stay in memory.

use std::{
    fmt,
    hint::black_box,
    io::{self, Read},
};

use zeroize::{Zeroize as _, Zeroizing};

/// Secret bytes: wiped when dropped, absent from `Debug`, never cloned.
pub struct Secret(Zeroizing<Vec<u8>>);

impl Secret {
    /// A copy of `bytes`, whose owner still has to wipe them.
    #[must_use]
    pub fn copy_of(bytes: &[u8]) -> Self {
        Self::from(bytes.to_vec())
    }

    /// `len` zero bytes, to be filled in place.
    #[must_use]
    pub fn zeroed(len: usize) -> Self {
        Self::from(vec![0; len])
    }

    /// Reads to the end into one buffer that never moves. `None` when there are more than `limit`
    /// bytes.
    pub fn read(reader: &mut impl Read, limit: usize) -> io::Result<Option<Self>> {
        let mut buffer = Self::zeroed(limit.saturating_add(1));
        let mut filled = 0;
        while let Some(rest) = buffer
            .bytes_mut()
            .get_mut(filled..)
            .filter(|rest| !rest.is_empty())
        {
            match reader.read(rest) {
                Ok(0) => break,
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        buffer.0.truncate(filled);
        Ok((filled <= limit).then_some(buffer))
    }

    /// The bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bytes, to be changed in place.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.0
    }

    /// Keeps the first `len` bytes; the rest is wiped with them.
    pub fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }
}

impl From<Vec<u8>> for Secret {
    /// Takes the buffer over without copying it.
    fn from(bytes: Vec<u8>) -> Self {
        Self(Zeroizing::new(bytes))
    }
}

impl AsRef<[u8]> for Secret {
    fn as_ref(&self) -> &[u8] {
        self.bytes()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Overwrites the part of the stack that calls made from here have used before: moving a value
/// copies it, and its destructor wipes only the last copy.
#[inline(never)]
pub fn scrub_stack() {
    #[expect(clippy::large_stack_arrays, reason = "its size is its purpose")]
    let mut used = [0_u8; SCRUBBED_BYTES];
    used.zeroize();
    black_box(&used);
}

/// Deeper than any call that reads a key goes, and well within a thread's 2 MiB.
const SCRUBBED_BYTES: usize = 256 * 1024;

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn debug_output_holds_no_secret() {
        assert_eq!(format!("{:?}", Secret::copy_of(b"hunter2")), "Secret(…)");
    }

    #[test]
    fn reading_stops_above_the_limit() {
        let exact = Secret::read(&mut &b"12345678"[..], 8).unwrap();
        assert_eq!(exact.unwrap().bytes(), b"12345678");
        assert!(Secret::read(&mut &b"123456789"[..], 8).unwrap().is_none());
    }
}
