//! The lock of a keyring: a passphrase, hashed.

use std::{num::NonZeroU32, sync::Arc, time::Duration};

use aws_lc_rs::pbkdf2;
use tokio::{
    task::spawn_blocking,
    time::{sleep, timeout},
};

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

/// Unlocks the keyring; whether it was done. A wrong passphrase costs time, and others that are tried meanwhile wait
/// for it; nothing else does. One that has waited for [`PATIENCE`] is not tried.
pub(super) async fn unlock(keyring: &Keyring, passphrase: Option<&[u8]>) -> bool {
    let Ok(Ok(_turn)) = timeout(PATIENCE, keyring.guesses.acquire()).await else {
        return false;
    };
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

/// How long nothing is tried after so many wrong passphrases.
fn pause(failures: u32) -> Duration {
    PAUSE.saturating_mul(failures).min(LONGEST_PAUSE)
}

const ALGORITHM: pbkdf2::Algorithm = pbkdf2::PBKDF2_HMAC_SHA256;
/// A few milliseconds: the pause is what slows guessing, the hash only hides the passphrase.
const ITERATIONS: NonZeroU32 = NonZeroU32::MIN.saturating_add(9_999);
const PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// The longest pause, and the time to see that a passphrase is wrong.
const PATIENCE: Duration = Duration::from_secs(11);

#[cfg(test)]
mod tests {
    use tokio::{
        task::{JoinSet, yield_now},
        time::Instant,
    };

    use super::*;
    use crate::{asker::Asker, testing::Fixture};

    async fn locked() -> (Fixture, Arc<Keyring>) {
        let fixture = Fixture::new().await;
        let keyring = Keyring::new(&[], Arc::clone(&fixture.audit), Asker::nobody());
        assert!(lock(&keyring, Some(b"secret")).await);
        (fixture, Arc::new(keyring))
    }

    fn guess(keyring: &Arc<Keyring>, count: usize) -> JoinSet<bool> {
        let mut guesses = JoinSet::new();
        for _ in 0..count {
            let keyring = Arc::clone(keyring);
            guesses.spawn(async move { unlock(&keyring, Some(b"wrong")).await });
        }
        guesses
    }

    #[tokio::test(start_paused = true)]
    async fn side_by_side_no_more_passphrases_are_tried_than_one_after_the_other() {
        let (_fixture, keyring) = locked().await;
        let began = Instant::now();
        let opened = guess(&keyring, 10).join_all().await;
        assert!(!opened.contains(&true));
        // 0.1 s, 0.2 s … 1 s.
        assert!(began.elapsed() >= Duration::from_millis(5_500));
    }

    #[tokio::test(start_paused = true)]
    async fn a_right_passphrase_waits_for_the_pause_of_a_wrong_one() {
        let (_fixture, keyring) = locked().await;
        keyring.state().failures = 1_000;
        let mut wrong = guess(&keyring, 1);
        yield_now().await;
        let began = Instant::now();
        assert!(unlock(&keyring, Some(b"secret")).await);
        assert!(began.elapsed() >= LONGEST_PAUSE);
        assert_eq!(wrong.join_next().await.unwrap().ok(), Some(false));
        assert_eq!(keyring.state().failures, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_flood_of_guesses_holds_nothing_up_for_longer_than_two_pauses() {
        let (_fixture, keyring) = locked().await;
        keyring.state().failures = 1_000;
        let began = Instant::now();
        guess(&keyring, 400).join_all().await;
        assert!(began.elapsed() < Duration::from_secs(22));
        assert!(
            keyring.state().failures <= 1_003,
            "the others were not tried"
        );
        assert!(unlock(&keyring, Some(b"secret")).await);
    }
}
