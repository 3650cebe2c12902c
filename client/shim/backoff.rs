//! How long to wait before trying again.

/// Doubling delays, each somewhere between its half and its whole, so that the many that failed at
/// once don't come back at once.
pub(crate) struct Backoff {
    failures: u32,
    random: u32,
}

impl Backoff {
    /// `seed` tells those that begin at the same time apart.
    pub(crate) fn new(seed: u32) -> Self {
        Self {
            failures: 0,
            random: seed | 1,
        }
    }

    /// It worked: the next delay is the first again.
    pub(crate) fn reset(&mut self) {
        self.failures = 0;
    }

    /// Whether the last try failed.
    pub(crate) fn is_failing(&self) -> bool {
        self.failures > 0
    }

    /// It failed: so many milliseconds from now.
    pub(crate) fn delay(&mut self) -> u64 {
        let whole = FIRST
            .checked_shl(self.failures)
            .unwrap_or(LONGEST)
            .min(LONGEST);
        self.failures = self.failures.saturating_add(1).min(DOUBLINGS);
        let half = (whole / 2).max(1);
        u64::from(half.saturating_add(self.draw() % half))
    }

    /// Marsaglia's xorshift.
    fn draw(&mut self) -> u32 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 17;
        self.random ^= self.random << 5;
        self.random
    }
}

const FIRST: u32 = 10;
const LONGEST: u32 = 500;
const DOUBLINGS: u32 = 8;
