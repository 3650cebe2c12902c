//! What to look for when looking for a private key.

use crate::secret::Secret;

/// A byte string that only the private key holds.
#[derive(Debug)]
pub struct Core {
    /// Which of the key's parts it is: `seed` (Ed25519), `scalar` (ECDSA), `p`, `q`, `d`, `dP`,
    /// `dQ` or `qInv` (RSA).
    pub name: &'static str,
    /// Its bytes, big-endian where it is a number; RSA's have no leading zeros, ECDSA's scalar
    /// has the curve's full length.
    pub bytes: Secret,
}

pub(super) fn core(name: &'static str, bytes: Secret) -> Core {
    Core { name, bytes }
}
