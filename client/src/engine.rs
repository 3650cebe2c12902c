//! The tools that build.

mod child;
mod docker;
mod error;
mod parent_death;
mod signals;
mod variables;

pub(crate) use child::{Ended, Run, run_to_end};
pub(crate) use docker::{Address, Docker, Form, Input};
pub(crate) use error::EngineError;
pub(crate) use parent_death::exec_if_asked;
pub(crate) use signals::Signals;
pub(crate) use variables::Variables;
