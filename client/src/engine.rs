//! The tools that build.

mod answer;
mod build_args;
mod child;
mod docker;
mod error;
mod form;
mod podman;
mod program;
mod signals;
mod tool;
mod variables;

pub use build_args::{
    BuildArg, BuildArgs, BuildArgsError, CacheMode, Dialect, DockerfileLocation, Found, Output,
    Wired, dockerignore_for, policy_for,
};

#[cfg(test)]
pub(crate) use child::Ended;
pub(crate) use child::{Run, become_engine, run_to_end};
pub(crate) use docker::{Ability, Address, Docker};
pub(crate) use error::EngineError;
pub(crate) use form::Form;
pub(crate) use podman::Podman;
pub(crate) use signals::{Caught, Signals};
pub(crate) use tool::{Input, Tool};
pub(crate) use variables::Variables;
