//! What waits for builds in memory, counted.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

/// The bytes that wait for the steps of one grant, or of all of an agent.
///
/// Nobody waits for others to let go: one that holds bytes may have a quarter of what is left, so that the last
/// that come find room too, and [`FLOOR`] in any case. It goes on as soon as its own are taken.
#[derive(Debug)]
pub(crate) struct Memory {
    held: AtomicUsize,
    limit: usize,
    /// What it is a part of.
    whole: Option<Arc<Self>>,
}

/// Bytes that are counted until it is dropped.
#[derive(Debug)]
pub(crate) struct Held {
    memory: Arc<Memory>,
    bytes: usize,
}

impl Memory {
    /// An agent's.
    pub(crate) const fn of_agent() -> Self {
        Self {
            held: AtomicUsize::new(0),
            limit: MAX_OF_AGENT,
            whole: None,
        }
    }

    /// A grant's.
    pub(crate) fn of_grant(agent: &Arc<Self>) -> Self {
        Self {
            held: AtomicUsize::new(0),
            limit: MAX_OF_GRANT,
            whole: Some(Arc::clone(agent)),
        }
    }

    /// How many bytes one may hold as of now.
    pub(super) fn share(&self) -> usize {
        (self.left() / PARTS).max(FLOOR)
    }

    /// Counts bytes, of which there may be more than a share: what is there is counted.
    pub(crate) fn hold(self: &Arc<Self>, bytes: usize) -> Held {
        let memory = Arc::clone(self);
        let mut held = Held { memory, bytes: 0 };
        held.set(bytes);
        held
    }

    /// How many bytes are held.
    #[cfg(test)]
    pub(crate) fn held(&self) -> usize {
        self.held.load(Relaxed)
    }

    fn left(&self) -> usize {
        let own = self.limit.saturating_sub(self.held.load(Relaxed));
        self.whole.as_ref().map_or(own, |it| own.min(it.left()))
    }

    fn add(&self, bytes: usize) {
        self.held.fetch_add(bytes, Relaxed);
        self.whole.iter().for_each(|whole| whole.add(bytes));
    }

    fn sub(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Relaxed);
        self.whole.iter().for_each(|whole| whole.sub(bytes));
    }
}

impl Held {
    /// Counts as many bytes from now on.
    pub(super) fn set(&mut self, bytes: usize) {
        match bytes.checked_sub(self.bytes) {
            Some(more) => self.memory.add(more),
            None => self.memory.sub(self.bytes.saturating_sub(bytes)),
        }
        self.bytes = bytes;
    }

    /// How many bytes one may hold as of now.
    pub(super) fn share(&self) -> usize {
        self.memory.share()
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.set(0);
    }
}

/// What the streams and replies of one grant take in memory, but for what each may have in any case: as much as
/// five streams at their fastest.
const MAX_OF_GRANT: usize = 24 * 1024 * 1024;
/// The same of all grants.
const MAX_OF_AGENT: usize = 128 * 1024 * 1024;
const PARTS: usize = 4;
/// What each may have however many there are: a step that takes it goes on, slowly.
pub(super) const FLOOR: usize = 16 * 1024;

#[cfg(test)]
mod tests {
    use super::*;

    /// As many hold as much as they may.
    fn hoard(memory: &Arc<Memory>, count: usize) -> Vec<Held> {
        let mut hoard: Vec<_> = (0..count).map(|_| memory.hold(0)).collect();
        for _ in 0..1_000 {
            for held in &mut hoard {
                if held.bytes < memory.share() {
                    held.set(held.bytes + 8 * 1024);
                }
            }
        }
        hoard
    }

    #[test]
    fn however_many_hold_as_much_as_they_may_the_sum_is_bounded_and_each_has_some() {
        let agent = Arc::new(Memory::of_agent());
        let memory = Arc::new(Memory::of_grant(&agent));
        assert!(memory.share() > 4 * 1024 * 1024, "one alone has plenty");
        let hoard = hoard(&memory, 1_000);
        assert!(hoard.iter().all(|held| held.bytes >= FLOOR));
        assert!(memory.held() < MAX_OF_GRANT + 1_000 * FLOOR);
        drop(hoard);
        assert_eq!((memory.held(), agent.held()), (0, 0));
    }

    #[test]
    fn grants_that_hold_all_they_may_leave_others_a_share() {
        let agent = Arc::new(Memory::of_agent());
        let grants: Vec<_> = (0..20)
            .map(|_| Arc::new(Memory::of_grant(&agent)))
            .collect();
        let hoards: Vec<_> = grants.iter().map(|grant| hoard(grant, 64)).collect();
        assert!(agent.held() <= MAX_OF_AGENT + 20 * 64 * FLOOR);
        assert!(Memory::of_grant(&agent).share() >= FLOOR);
        drop(hoards);
        assert_eq!(agent.held(), 0);
    }
}
