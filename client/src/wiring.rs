//! The changes that connect a build to its grant, planned without touching anything: a Dockerfile
//! that was read goes in, a [`Plan`] comes out. The Dockerfile on disk is never changed.

mod adds;
mod fetch;
mod frontend;
mod git_url;
mod hidden;
mod mounts;
mod note;
mod obstacle;
mod plan;
mod rewrite;
mod secret;
mod sign;
mod terms;
mod text;
mod unwirable;

pub use fetch::fetch_mode;
pub use git_url::is_ssh_git_url;
pub use note::Note;
pub use plan::{Passed, Plan, Which};
pub use rewrite::Rewrites;
pub use secret::Secret;
pub use sign::sign_mode;
pub use terms::{FetchTerms, ShimFor, Steps};
pub use unwirable::Unwirable;
