//! The tools that build.

mod child;
mod docker;
mod error;
mod parent_death;
mod signals;
mod variables;

#[cfg(test)]
pub(crate) use child::Ended;
pub(crate) use child::{Run, run_to_end};
pub(crate) use docker::{Docker, Form, Input};
pub(crate) use error::EngineError;
pub(crate) use parent_death::exec_if_asked;
pub(crate) use signals::{Caught, Signals};
pub(crate) use variables::Variables;
