//! The agent that serves a command, the running one or a private one, and typed calls to its control API.

mod control;
mod error;
mod process;
mod running;
mod terminal;

pub(crate) use control::{Control, Held};
pub(crate) use error::LinkError;
pub(crate) use running::{Summoned, running};

use process::{PrivateAgent, Program, Starting};
