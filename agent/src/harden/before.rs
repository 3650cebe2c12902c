//! Before the first key is read.

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
    hide_from_debuggers()?;
    raise_descriptor_limit();
    Ok(())
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
fn hide_from_debuggers() -> rustix::io::Result<()> {
    use rustix::process::{DumpableBehavior, set_dumpable_behavior};
    set_dumpable_behavior(DumpableBehavior::NotDumpable)
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail on Linux")]
fn hide_from_debuggers() -> rustix::io::Result<()> {
    Ok(())
}
