//! Dockerfiles that leak keys: what is wrong, why, and what to do; some of it can be repaired.
//!
//! Nothing is run: the rules judge what a Dockerfile says, and keep silent about what they cannot know;
//! one of them looks at the files of the context. A comment `# keystay: allow RULE reason` above an instruction, or
//! between its lines, silences a rule for it.

mod allow;
mod copies;
mod fix;
mod names;
mod paths;
mod problem;
mod removals;
mod repair;
mod rule;
mod rules;
mod script;
mod sent;
mod step;

pub use fix::{Change, Fixed, fix};
pub use problem::Problem;
pub use rule::{ALL, Rule, Severity};
pub use rules::{command_line, lint};
pub use sent::sent;
