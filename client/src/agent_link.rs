//! The private agent of one command, and typed calls to its control API.

mod control;
mod error;
mod process;

pub(crate) use control::Control;
pub(crate) use error::LinkError;
pub(crate) use process::{PrivateAgent, Program};
