//! What git asks of a host over SSH: repositories, the patterns that grant them, the commands that
//! read them and what these want.

mod command;
mod pattern;
mod pkt_line;
mod repository;

pub use command::{Command, CommandError, Service};
pub use pattern::{PatternError, RepoPattern};
pub use pkt_line::{Wanted, Wants};
pub use repository::{PathError, RepoPath, Repository, host_name, ssh_command};
