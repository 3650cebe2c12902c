//! What git asks of a host over SSH: repositories and the patterns that grant them.

mod pattern;
mod repository;

pub use pattern::{PatternError, RepoPattern};
pub use repository::{PathError, RepoPath, Repository};
