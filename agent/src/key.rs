//! Keys: one SSH identity each, with what signs for it.

mod format;
mod kept;
pub mod source;

use std::sync::Arc;

use keystay_proto::control::KeyInfo;

pub use self::format::FormatError;
#[cfg(any(test, fuzzing))]
pub use self::format::key_file;
pub(crate) use self::format::{Fields, positive};
pub use self::kept::{Kept, NotKept};

use crate::sign::{Core, Signer, algorithm_for};

/// One SSH identity that can be signed with.
#[derive(Debug)]
pub struct Key {
    /// What people are told about it. Its comment is never shown to a build.
    pub info: KeyInfo,
    /// Its public key blob, which is all that a build sees.
    pub blob: Vec<u8>,
    /// What signs for it.
    pub signer: Signer,
    /// Whether the agent still keeps it; a key that takes its place says so too.
    pub kept: Arc<Kept>,
}

impl Key {
    /// The algorithm name that a login carries when it is signed with `flags`; see
    /// [`algorithm_for`].
    #[must_use]
    pub fn algorithm_for(&self, flags: u32) -> Option<&str> {
        algorithm_for(&self.blob, flags)
    }

    /// The private key's secret byte strings; none when another agent holds the key.
    #[must_use]
    pub fn cores(&self) -> &[Core] {
        self.signer.cores()
    }
}
