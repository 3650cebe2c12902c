//! How much was decoded of one member of the saved image.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counts what the files of one member decode to.
#[derive(Debug, Default)]
pub(in crate::verify) struct Tally {
    bytes: AtomicU64,
    streams: AtomicU64,
}

impl Tally {
    /// How many bytes its streams decoded to.
    pub(in crate::verify) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    /// How many streams were decoded.
    pub(in crate::verify) fn streams(&self) -> u64 {
        self.streams.load(Ordering::Relaxed)
    }

    /// Counts a stream.
    pub(super) fn open(&self) {
        self.streams.fetch_add(1, Ordering::Relaxed);
    }

    /// Counts bytes; says how many there are now.
    pub(super) fn add(&self, bytes: u64) -> u64 {
        self.bytes.fetch_add(bytes, Ordering::Relaxed) + bytes
    }
}
