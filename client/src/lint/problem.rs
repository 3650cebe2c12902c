//! What was found.

use super::{Rule, Severity};

/// A problem of one instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The rule it breaks.
    pub rule: &'static Rule,
    /// How grave it is here.
    pub severity: Severity,
    /// The line, from 1; 0 for the command line.
    pub line: usize,
    /// What is wrong here, without the value of any secret.
    pub message: String,
}

impl Problem {
    /// A problem on this line, as grave as its rule says.
    pub(super) fn new(rule: &'static Rule, line: usize, message: impl Into<String>) -> Self {
        Self {
            rule,
            severity: rule.severity,
            line,
            message: message.into(),
        }
    }
}
