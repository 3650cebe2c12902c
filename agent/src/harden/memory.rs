//! Keys stay out of swap.

/// Keeps keys out of swap where that is allowed. Called when the keys are loaded, before they are
/// used.
#[cfg(target_os = "linux")]
pub(crate) fn after_keys() {
    use rustix::{
        mm::{MlockAllFlags, mlockall},
        process::geteuid,
    };
    // An unprivileged process may lock a few megabytes, and a later allocation over that fails: it
    // locks what is mapped now, or nothing.
    let later = if geteuid().is_root() {
        MlockAllFlags::FUTURE
    } else {
        MlockAllFlags::empty()
    };
    let flags = MlockAllFlags::CURRENT | MlockAllFlags::ONFAULT | later;
    if let Err(error) = mlockall(flags) {
        tracing::debug!(%error, "memory is not locked");
    }
}

/// Nothing is done on this system.
#[cfg(not(target_os = "linux"))]
pub(crate) fn after_keys() {}
