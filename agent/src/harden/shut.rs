//! Giving up files and system calls, as far as the kernel lets an agent.

use landlock::ABI;
use tracing::debug;

use super::{Reach, calls, files};

/// What a confined process has given up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Confined {
    /// The Landlock by which files are kept away; nothing where they are not.
    pub(super) files: Option<ABI>,
    /// Whether system calls are filtered.
    pub(super) calls: bool,
}

/// Confines the process to what it needs once it serves; called on the thread that serves, which
/// those that it starts later resemble. Nothing can be executed any more.
///
/// A kernel that has less gives less, and the agent goes on.
pub(crate) fn confine(reach: &Reach) -> Confined {
    let files = confine_thread(reach);
    let calls = match calls::confine() {
        Ok(filtered) => filtered,
        Err(error) => {
            debug!(%error, "system calls are not filtered");
            false
        }
    };
    Confined { files, calls }
}

/// Confines this thread, and those that it starts, to these files.
pub(crate) fn confine_thread(reach: &Reach) -> Option<ABI> {
    match files::confine(reach) {
        Ok(abi) => abi,
        Err(error) => {
            debug!(%error, "files are not kept away");
            None
        }
    }
}
