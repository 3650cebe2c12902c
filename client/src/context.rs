//! The files that a build is given, as docker would send them: those of a folder that its ignore
//! file does not leave out. Symbolic links are not followed, and what is no file has no content.
//!
//! The rules are those of docker's client (`moby/patternmatcher`, `tonistiigi/fsutil`), for they
//! decide what leaves this machine. Which of these files the instructions of a Dockerfile ask for
//! is not looked at: a base image may bring instructions of its own.

#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod ignore;
mod pattern;
mod walk;

pub use ignore::{Ignore, IgnoreError};
pub use pattern::PatternError;
pub use walk::{File, Listing, Stamp, list};
