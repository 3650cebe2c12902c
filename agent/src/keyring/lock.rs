//! The lock of a keyring: a passphrase, hashed.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use aws_lc_rs::pbkdf2;
use tokio::{task::spawn_blocking, time::sleep};

use super::Keyring;
use crate::secret::Secret;

/// A passphrase that opens the keyring again.
#[derive(Debug)]
pub(super) struct Lock {
    salt: [u8; 16],
    hash: [u8; 32],
}

impl Lock {
    /// Hashes the passphrase with a salt of the system's randomness.
    fn new(passphrase: &[u8]) -> Option<Self> {
        let (mut salt, mut hash) = ([0; 16], [0; 32]);
        getrandom::fill(&mut salt).ok()?;
        pbkdf2::derive(ALGORITHM, ITERATIONS, &salt, passphrase, &mut hash);
        Some(Self { salt, hash })
    }

    /// Compares in constant time.
    fn opens(&self, passphrase: &[u8]) -> bool {
        pbkdf2::verify(ALGORITHM, ITERATIONS, &self.salt, passphrase, &self.hash).is_ok()
    }
}

/// Locks the keyring; whether it was done.
pub(super) async fn lock(keyring: &Keyring, passphrase: Option<&[u8]>) -> bool {
    let passphrase = passphrase.filter(|passphrase| !passphrase.is_empty());
    let Some(passphrase) = passphrase.map(Secret::copy_of) else {
        return false;
    };
    let made = spawn_blocking(move || Lock::new(passphrase.bytes())).await;
    let (Ok(Some(made)), mut state) = (made, keyring.state()) else {
        return false;
    };
    if state.lock.is_some() {
        return false;
    }
    state.set_lock(Some(Arc::new(made)));
    true
}

/// Unlocks the keyring; whether it was done. A wrong passphrase costs this connection time, and no other.
pub(super) async fn unlock(keyring: &Keyring, passphrase: Option<&[u8]>) -> bool {
    let held = keyring.state().lock.clone();
    let (Some(held), Some(passphrase)) = (held, passphrase.map(Secret::copy_of)) else {
        return false;
    };
    let tried = Arc::clone(&held);
    let opens = spawn_blocking(move || tried.opens(passphrase.bytes())).await;
    if opens.is_ok_and(|opens| opens) {
        let mut state = keyring.state();
        // Another connection may have locked it anew meanwhile.
        let same = (state.lock.as_ref()).is_some_and(|lock| Arc::ptr_eq(lock, &held));
        if same {
            state.set_lock(None);
        }
        state.failures = 0;
        return same;
    }
    let failures = {
        let mut state = keyring.state();
        state.failures = state.failures.saturating_add(1);
        state.failures
    };
    sleep(pause(failures)).await;
    false
}

/// How long a connection waits after so many wrong passphrases.
fn pause(failures: u32) -> Duration {
    PAUSE.saturating_mul(failures).min(LONGEST_PAUSE)
}

const ALGORITHM: pbkdf2::Algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
/// A few milliseconds: the pause is what slows guessing, the hash only hides the passphrase.
const ITERATIONS: NonZeroU32 = NonZeroU32::MIN.saturating_add(9_999);
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
