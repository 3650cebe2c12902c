//! Which protections hold on this machine.

use std::{
    fmt,
    fs::File,
    io::{self, Read as _, Seek as _},
    path::Path,
};

use rustix::process::{DumpableBehavior, Resource, dumpable_behavior, getrlimit};

use super::{Reach, after_keys, before_keys, confine};

/// A protection, and what there is of it.
#[derive(Debug)]
pub(crate) struct Protection {
    name: &'static str,
    /// What holds, or why it does not.
    state: Result<String, &'static str>,
}

impl Protection {
    /// Whether it is there.
    pub(crate) fn holds(&self) -> bool {
        self.state.is_ok()
    }
}

impl fmt::Display for Protection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.state {
            Ok(state) => write!(f, "{}: {state}", self.name),
            Err(reason) => write!(f, "{}: no, {reason}", self.name),
        }
    }
}

/// Gives up in this process what an agent does, and tells what the kernel then says.
///
/// # Errors
///
/// When an agent would not start either.
pub(crate) fn check() -> io::Result<Vec<Protection>> {
    before_keys()?;
    after_keys();
    // It is out of reach soon.
    let mut status = File::open("/proc/self/status")?;
    let confined = confine(&Reach::nothing());
    let mut text = String::new();
    status.rewind()?;
    status.read_to_string(&mut text)?;
    let field = |name: &str| value(&text, name).unwrap_or_default();
    let is_kept_away = File::open(Path::new("/proc/self/status")).is_err();
    let core = getrlimit(Resource::Core);
    Ok(vec![
        protection("core dumps", core.maximum == Some(0), "off", "they are on"),
        protection(
            "debuggers",
            dumpable_behavior()? == DumpableBehavior::NotDumpable,
            "none of the same user can attach",
            "they can attach",
        ),
        protection(
            "memory",
            field("VmLck:") != "0",
            "locked, not in swap",
            "the limit for locked memory is too low (ulimit -l)",
        ),
        Protection {
            name: "files",
            state: (confined.files.filter(|_| is_kept_away))
                .map(|abi| format!("a serving agent opens no others (Landlock {abi:?})"))
                .ok_or("this kernel has no Landlock"),
        },
        protection(
            "system calls",
            confined.calls && field("Seccomp:") == "2" && field("NoNewPrivs:") == "1",
            "filtered (seccomp)",
            "this kernel has no seccomp filters",
        ),
    ])
}

fn protection(name: &'static str, holds: bool, state: &str, otherwise: &'static str) -> Protection {
    let state = if holds {
        Ok(state.to_owned())
    } else {
        Err(otherwise)
    };
    Protection { name, state }
}

/// The first word of a field in `/proc/PID/status` (proc(5)).
fn value<'a>(status: &'a str, name: &str) -> Option<&'a str> {
    let mut lines = status.lines().filter_map(|line| line.strip_prefix(name));
    lines.next()?.split_whitespace().next()
}
