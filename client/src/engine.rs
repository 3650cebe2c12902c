//! The tools that build.

mod build_args;
mod child;
mod docker;
mod error;
mod signals;
mod variables;

pub use build_args::{
    BuildArg, BuildArgs, BuildArgsError, DockerfileLocation, Found, Wired, dockerignore_for,
    policy_for,
};

#[cfg(test)]
pub(crate) use child::Ended;
pub(crate) use child::{Run, become_engine, run_to_end};
pub(crate) use docker::{Address, Docker, Form, Input};
pub(crate) use error::EngineError;
pub(crate) use signals::{Caught, Signals};
pub(crate) use variables::Variables;
