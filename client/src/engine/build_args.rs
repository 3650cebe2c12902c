//! The arguments of `docker build` and `docker buildx build`, read as docker's flag library (pflag)
//! reads them and kept as given: docker gets the user's own words, and only what wiring needs is
//! added or replaced.

mod args;
mod flags;
mod location;
mod parse;
mod wired;

pub use args::{BuildArg, BuildArgs};
pub use location::{DockerfileLocation, Found, dockerignore_for, policy_for};
pub use parse::BuildArgsError;
pub use wired::Wired;
