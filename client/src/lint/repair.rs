//! What is to be changed: the keys of a stage go, with what was done to them, and the steps that fetch
//! are lent them instead.

mod arguments;
mod gone;
mod keys;
mod lists;
mod mounts;
mod written;

use super::{
    Problem, Rule,
    fix::Change,
    step::{File, Step},
};
use crate::dockerfile::{Span, Splice};

/// The changes to a Dockerfile.
#[derive(Debug, Default)]
pub(super) struct Repair {
    pub(super) splices: Vec<Splice>,
    pub(super) changes: Vec<Change>,
    pub(super) refusals: Vec<Change>,
}

/// Plans the repair of a Dockerfile with these problems.
pub(super) fn plan(file: &File<'_>, problems: &[Problem]) -> Repair {
    let mut repair = Repair::default();
    let mut refused = Vec::new();
    for stage in 0..file.dockerfile.stages().len() {
        match keys::take_out(file, problems, stage) {
            Ok(Some(taken)) => repair.add(taken),
            Ok(None) => {}
            Err(refusal) => {
                repair.refusals.push(refusal);
                refused.push(Some(stage));
            }
        }
    }
    mounts::add(file, problems, &refused, &mut repair);
    arguments::take_out(file, problems, &mut repair);
    repair
}

impl Repair {
    fn add(&mut self, other: Self) {
        self.splices.extend(other.splices);
        self.changes.extend(other.changes);
        self.refusals.extend(other.refusals);
    }

    /// Takes out what stands at a span.
    fn cut(&mut self, span: Span, line: usize, message: String) {
        self.splices.push(Splice {
            span,
            text: String::new(),
        });
        self.changes.push(Change { line, message });
    }

    /// Whether a byte is taken out.
    fn takes(&self, at: usize) -> bool {
        self.splices
            .iter()
            .any(|splice| (splice.span.start..splice.span.end).contains(&at))
    }
}

/// Whether a step has a problem of this rule at one of its lines.
fn is_flagged(file: &File<'_>, step: &Step<'_>, problems: &[Problem], rule: &Rule) -> bool {
    let lines = step.lines(file.dockerfile.source());
    (problems.iter()).any(|problem| problem.rule == rule && lines.contains(&problem.line))
}

/// The first line of a text, short.
fn shown(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default().trim_end();
    if line.chars().count() <= SHOWN && line.len() == text.trim_end().len() {
        return line.to_owned();
    }
    let short: String = line.chars().take(SHOWN).collect();
    format!("{} …", short.trim_end_matches(['\\', ' ']))
}

const SHOWN: usize = 60;
