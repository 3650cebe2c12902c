//! Where the system has neither Landlock nor seccomp.

use std::{fmt, io};

use super::Reach;

/// Nothing is given up.
pub(crate) fn confine(_: &Reach) {}

/// Nothing is given up.
pub(crate) fn confine_thread(_: &Reach) {}

/// A protection; there is none to be told of.
#[derive(Debug)]
pub(crate) enum Protection {}

impl Protection {
    /// Whether it is there.
    pub(crate) fn holds(&self) -> bool {
        match *self {}
    }
}

impl fmt::Display for Protection {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

/// Says that this is for Linux.
///
/// # Errors
///
/// Always.
pub(crate) fn check() -> io::Result<Vec<Protection>> {
    Err(io::ErrorKind::Unsupported.into())
}
