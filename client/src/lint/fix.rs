//! Dockerfiles made safe, as far as that can be known from what they say.

use super::{Problem, lint, repair, step::File};
use crate::dockerfile::{Dockerfile, ParseError};

/// A Dockerfile after its repair.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fixed {
    /// What it says now; what was not repaired is as it was, byte for byte.
    pub text: String,
    /// What was changed, in the order of the lines.
    pub changes: Vec<Change>,
    /// What could have been repaired, and why it was not.
    pub refusals: Vec<Change>,
    /// The problems that are left, with the lines of the new text.
    pub left: Vec<Problem>,
}

/// What a repair did, or did not do, at a line of the text before it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The line, from 1.
    pub line: usize,
    /// What was done, without the value of any secret.
    pub message: String,
}

/// Takes keys, and what was done with them, out of a Dockerfile; the steps that fetch get an ssh mount
/// in their place. A stage is repaired as a whole or not at all, and a Dockerfile that was repaired once
/// is not changed again.
///
/// # Errors
///
/// The text is no Dockerfile.
pub fn fix(source: &str) -> Result<Fixed, ParseError> {
    let dockerfile = Dockerfile::parse(source)?;
    let problems = lint(&dockerfile);
    let mut repair = repair::plan(&File::new(&dockerfile), &problems);
    // Changes that get into each other's way are none.
    let text = dockerfile.splice(repair.splices).unwrap_or_else(|_| {
        repair.changes.clear();
        source.to_owned()
    });
    let left = lint(&Dockerfile::parse(&text)?);
    repair.changes.sort();
    Ok(Fixed {
        text,
        changes: repair.changes,
        refusals: repair.refusals,
        left,
    })
}

#[cfg(test)]
mod tests;
