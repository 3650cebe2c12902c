//! What each rule looks for, a family to a module.

mod arguments;
mod fetches;
mod files;
mod hosts;
mod literals;
mod mounts;
mod secrets;
mod stages;
mod variables;

pub use arguments::command_line;
pub(super) use files::{key_copies, place_of};

use super::{Problem, allow, step::File};
use crate::dockerfile::Dockerfile;

/// The problems of a Dockerfile, in the order of its lines; those that it allows are left out.
#[must_use]
pub fn lint(dockerfile: &Dockerfile<'_>) -> Vec<Problem> {
    let file = File::new(dockerfile);
    let mut problems = Vec::new();
    for check in CHECKS {
        check(&file, &mut problems);
    }
    let mut problems = allow::apply(&file, problems);
    problems.sort_by(|a, b| (a.line, place(a), &a.message).cmp(&(b.line, place(b), &b.message)));
    problems.dedup();
    problems
}

fn place(problem: &Problem) -> Option<usize> {
    super::ALL.iter().position(|rule| rule == problem.rule)
}

type Check = fn(&File<'_>, &mut Vec<Problem>);
/// The stages come last: they ask what was found in others.
const CHECKS: [Check; 8] = [
    variables::check,
    files::check,
    secrets::check,
    mounts::check,
    fetches::check,
    hosts::check,
    literals::check,
    stages::check,
];

#[cfg(test)]
mod tests;
