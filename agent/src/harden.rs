//! What the agent gives up before it holds a key.

use rustix::{
    fs::Mode,
    process::{Resource, Rlimit, getrlimit, setrlimit, umask},
};
use tracing::debug;

/// Makes files private, core dumps impossible and, where the kernel has it, the process invisible
/// to debuggers of the same user. Called before the first key is read.
///
/// # Errors
///
/// Fails if any of it is refused: an agent that can be read must not hold keys.
pub(crate) fn before_keys() -> rustix::io::Result<()> {
    umask(Mode::RWXG | Mode::RWXO);
    setrlimit(
        Resource::Core,
        Rlimit {
            current: Some(0),
            maximum: Some(0),
        },
    )?;
    platform::hide_from_debuggers()?;
    raise_descriptor_limit();
    Ok(())
}

/// Keeps keys out of swap where that is allowed. Called when the keys are loaded, before they are
/// used.
pub(crate) fn after_keys() {
    platform::lock_memory();
}

/// As many descriptors as the system allows: each connection of a build is one.
fn raise_descriptor_limit() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit {
        current: limit.maximum,
        maximum: limit.maximum,
    };
    if let Err(error) = setrlimit(Resource::Nofile, raised) {
        debug!(%error, "the descriptor limit stays as it is");
    }
}

#[cfg(target_os = "linux")]
mod platform {
    use rustix::{
        mm::{MlockAllFlags, mlockall},
        process::{DumpableBehavior, geteuid, set_dumpable_behavior},
    };
    use tracing::debug;

    pub(super) fn hide_from_debuggers() -> rustix::io::Result<()> {
        set_dumpable_behavior(DumpableBehavior::NotDumpable)
    }

    pub(super) fn lock_memory() {
        // An unprivileged process may lock a few megabytes, and a later allocation over that
        // fails: it locks what is mapped now, or nothing.
        let later = if geteuid().is_root() {
            MlockAllFlags::FUTURE
        } else {
            MlockAllFlags::empty()
        };
        let flags = MlockAllFlags::CURRENT | MlockAllFlags::ONFAULT | later;
        if let Err(error) = mlockall(flags) {
            debug!(%error, "memory is not locked");
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod platform {
    pub(super) fn hide_from_debuggers() -> rustix::io::Result<()> {
        Ok(())
    }

    pub(super) fn lock_memory() {}
}
