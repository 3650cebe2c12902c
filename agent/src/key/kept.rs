//! Whether the agent still keeps a key: what is said of it on the agent's own socket reaches the
//! grants that have it.

use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// Why a key may not sign any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotKept {
    /// It was removed from the agent.
    #[error("was removed from the agent")]
    Removed,
    /// The agent is locked.
    #[error("is in an agent that is locked")]
    Locked,
}

/// What became of a key since it was loaded or added.
#[derive(Debug, Default)]
pub struct Kept {
    removed: AtomicBool,
    locked: AtomicBool,
}

impl Kept {
    /// Takes the key away for ever.
    pub(crate) fn remove(&self) {
        self.removed.store(true, SeqCst);
    }

    /// Takes the key away, or gives it back.
    pub(crate) fn lock(&self, locked: bool) {
        self.locked.store(locked, SeqCst);
    }

    /// Whether it may sign, as of now.
    pub(crate) fn check(&self) -> Result<(), NotKept> {
        match (self.is_removed(), self.is_locked()) {
            (true, _) => Err(NotKept::Removed),
            (false, true) => Err(NotKept::Locked),
            (false, false) => Ok(()),
        }
    }

    /// Whether it was removed.
    pub(crate) fn is_removed(&self) -> bool {
        self.removed.load(SeqCst)
    }

    /// Whether the agent is locked.
    pub(crate) fn is_locked(&self) -> bool {
        self.locked.load(SeqCst)
    }
}
