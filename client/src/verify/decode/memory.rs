//! Bounds on what is in memory at a time, shared by all threads of one verification.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Which stream: of what member of the saved image, and the way to it from there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::verify) struct Label {
    /// The number of the member.
    pub(in crate::verify) member: usize,
    /// The path of the file in the layer, and of what is inside of it behind exclamation marks;
    /// text of the outside.
    pub(in crate::verify) path: Arc<[u8]>,
}

impl Label {
    /// What is inside of this under another name.
    pub(in crate::verify) fn inside(&self, mark: &str, name: &[u8]) -> Self {
        let mut path = self.path.to_vec();
        path.extend_from_slice(mark.as_bytes());
        path.extend_from_slice(name);
        path.truncate(LONGEST_PATH);
        Self {
            member: self.member,
            path: path.into(),
        }
    }
}

/// A number of bytes that are lent out.
#[derive(Debug)]
pub(super) struct Room {
    size: usize,
    taken: Mutex<usize>,
    freed: Condvar,
}

/// Bytes on loan, given back when dropped.
#[derive(Debug)]
pub(super) struct Loan {
    room: Arc<Room>,
    size: usize,
}

impl Room {
    pub(super) fn new(size: usize) -> Arc<Self> {
        Arc::new(Self {
            size,
            taken: Mutex::new(0),
            freed: Condvar::new(),
        })
    }

    /// Waits until bytes are free, and takes them.
    pub(super) fn take(self: &Arc<Self>, size: usize) -> Loan {
        let size = size.min(self.size);
        let is_full = |taken: &mut usize| *taken + size > self.size;
        let mut taken = self
            .freed
            .wait_while(self.lock(), is_full)
            .unwrap_or_else(PoisonError::into_inner);
        *taken += size;
        self.loan(size)
    }

    fn loan(self: &Arc<Self>, size: usize) -> Loan {
        Loan {
            room: Arc::clone(self),
            size,
        }
    }

    fn lock(&self) -> MutexGuard<'_, usize> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Loan {
    fn drop(&mut self) {
        *self.room.lock() -= self.size;
        self.room.freed.notify_all();
    }
}

/// As long as Linux takes a path.
const LONGEST_PATH: usize = 4096;
