//! How much may be searched for one grant.

use std::sync::atomic::{AtomicU64, Ordering};

/// What is left of the searches and bytes of one grant.
///
/// The bound is what makes guessing pointless: a stream is a guess at a key, and an answer says
/// whether it was right. All the bytes of a grant together hit 80 bits of one of six RSA keys with
/// a chance of one in a million. A large image needs a thousandth of it.
#[derive(Debug)]
pub struct Budget {
    searches: AtomicU64,
    bytes: AtomicU64,
}

/// A grant's budget is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Spent {
    /// There were as many searches as a grant has.
    #[error("the grant has had its {MAX_SEARCHES} searches")]
    Searches,
    /// There were as many bytes as a grant has.
    #[error("the grant has had its {} GiB of bytes searched", MAX_BYTES >> 30)]
    Bytes,
}

impl Budget {
    /// Takes a search.
    pub fn begin(&self) -> Result<(), Spent> {
        take(&self.searches, 1).ok_or(Spent::Searches)
    }

    /// Takes as many bytes, or none at all.
    pub fn take(&self, bytes: usize) -> Result<(), Spent> {
        let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
        take(&self.bytes, bytes).ok_or(Spent::Bytes)
    }
}

impl Default for Budget {
    fn default() -> Self {
        Self {
            searches: AtomicU64::new(MAX_SEARCHES),
            bytes: AtomicU64::new(MAX_BYTES),
        }
    }
}

fn take(left: &AtomicU64, count: u64) -> Option<()> {
    left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
        left.checked_sub(count)
    })
    .ok()
    .map(drop)
}

/// Large images have some hundred streams: layers, and archives in them.
const MAX_SEARCHES: u64 = 1 << 16;
/// 1 TiB: 64 images of 2.5 GB, each inflated to six times its length.
const MAX_BYTES: u64 = 1 << 40;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_ends_and_what_is_too_much_takes_nothing() {
        let budget = Budget::default();
        assert_eq!(budget.take(1 << 40), Ok(()));
        assert_eq!(budget.take(1), Err(Spent::Bytes));
        assert_eq!(budget.take(0), Ok(()));
        let budget = Budget::default();
        assert_eq!(budget.take((1 << 40) - 1), Ok(()));
        assert_eq!(budget.take(2), Err(Spent::Bytes));
        assert_eq!(budget.take(1), Ok(()));
        for _ in 0..MAX_SEARCHES {
            assert_eq!(budget.begin(), Ok(()));
        }
        assert_eq!(budget.begin(), Err(Spent::Searches));
        assert_eq!(
            Spent::Bytes.to_string(),
            "the grant has had its 1024 GiB of bytes searched"
        );
    }
}
