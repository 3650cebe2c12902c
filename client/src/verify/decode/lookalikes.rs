//! How much work goes into what begins as a stream does and is none.

use std::sync::atomic::{AtomicU64, Ordering};

use super::Limits;

/// What was looked through of all files, and what was done for lookalikes among it. Files of any kind
/// hold some by chance; only those that are made for it hold many.
#[derive(Debug, Default)]
pub(super) struct Lookalikes {
    looked_through: AtomicU64,
    work: AtomicU64,
}

impl Lookalikes {
    /// Counts bytes that are looked through.
    pub(super) fn look_through(&self, bytes: usize) {
        add(&self.looked_through, bytes);
    }

    /// Counts work for a lookalike, in bytes.
    pub(super) fn add(&self, work: usize) {
        add(&self.work, work);
    }

    /// Whether there was so much work that none more is to be done.
    pub(super) fn are_too_many(&self, limits: &Limits) -> bool {
        let work = self.work.load(Ordering::Relaxed);
        work > limits
            .lookalikes
            .max(self.looked_through.load(Ordering::Relaxed))
    }
}

fn add(count: &AtomicU64, bytes: usize) {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    count.fetch_add(bytes, Ordering::Relaxed);
}
