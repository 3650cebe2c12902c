//! The lock of a keyring: a passphrase, hashed.

use std::{num::NonZeroU32, time::Duration};

use aws_lc_rs::pbkdf2;

/// A passphrase that opens the keyring again.
#[derive(Debug)]
pub(super) struct Lock {
    salt: [u8; 16],
    hash: [u8; 32],
}

impl Lock {
    /// Hashes the passphrase with a salt of the system's randomness.
    pub(super) fn new(passphrase: &[u8]) -> Option<Self> {
        let (mut salt, mut hash) = ([0; 16], [0; 32]);
        getrandom::fill(&mut salt).ok()?;
        pbkdf2::derive(ALGORITHM, ITERATIONS, &salt, passphrase, &mut hash);
        Some(Self { salt, hash })
    }

    /// Compares in constant time.
    pub(super) fn opens(&self, passphrase: &[u8]) -> bool {
        pbkdf2::verify(ALGORITHM, ITERATIONS, &self.salt, passphrase, &self.hash).is_ok()
    }
}

/// How long a connection waits after so many wrong passphrases.
pub(super) fn pause(failures: u32) -> Duration {
    PAUSE.saturating_mul(failures).min(LONGEST_PAUSE)
}

const ALGORITHM: pbkdf2::Algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
/// A few milliseconds: the pause is what slows guessing, the hash only hides the passphrase.
const ITERATIONS: NonZeroU32 = NonZeroU32::MIN.saturating_add(9_999);
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
