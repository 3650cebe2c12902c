//! The arguments of `docker build`, `docker buildx build`, `podman build` and `buildah build`, read as
//! their flag library (pflag) reads them and kept as given: the engine gets the user's own words, and only what wiring needs is
//! added or replaced.

mod args;
mod dialect;
mod flags;
mod location;
mod output;
mod parse;
mod podman;
mod wired;

pub use args::{BuildArg, BuildArgs};
pub use dialect::Dialect;
pub use location::{DockerfileLocation, Found, dockerignore_for, policy_for};
pub use output::{CacheMode, Output};
pub use parse::BuildArgsError;
pub use wired::Wired;
