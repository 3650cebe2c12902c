//! The process that builds.

use serde::{Deserialize, Serialize};

/// The process that a client's build runs in, named while its id cannot have become another's: it
/// runs, or was not waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Engine {
    /// Its process id.
    pub pid: u32,
}
