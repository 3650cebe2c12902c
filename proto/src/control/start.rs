//! How a private agent tells its parent that it is ready.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Problem;

/// The one line that a private agent writes to its standard output. Where that is a socket, it reads its keys
/// when its parent has written a byte there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Started {
    /// It serves the control API on this socket.
    Ready {
        /// The control socket.
        control: PathBuf,
    },
    /// It could not start.
    Failed(Problem),
}
