//! The changes that connect a build to its grant, planned without touching anything: a Dockerfile
//! that was read goes in, a [`Plan`] comes out. The Dockerfile on disk is never changed.

mod git_url;
mod known_hosts;
mod note;
mod plan;
mod sign;

pub use git_url::is_ssh_git_url;
pub use known_hosts::{KNOWN_HOSTS_ID, KNOWN_HOSTS_TARGET};
pub use note::Note;
pub use plan::{Passed, Plan};
pub use sign::sign_mode;
