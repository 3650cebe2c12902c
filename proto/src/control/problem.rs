//! Errors of the control API.

use serde::{Deserialize, Serialize};

/// Why the agent could not do what was asked; the body of every answer that is not a success.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Problem {
    /// What kind of error this is; it decides the client's exit status.
    pub code: ProblemCode,
    /// One lower-case sentence fragment for a person.
    pub message: String,
    /// What the person can do about it, a sentence each.
    pub hints: Vec<String>,
}

/// Kinds of errors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProblemCode {
    /// The request is malformed or asks for what does not exist.
    Usage,
    /// A key source cannot be read.
    KeySource,
    /// The agent cannot work: no socket, no audit log.
    Unavailable,
    /// The policy does not allow the grant.
    Refused,
    /// The configuration of this machine is wrong.
    Configuration,
    /// A defect of Keystay.
    Internal,
}

impl Problem {
    /// A problem with no hint.
    pub fn new(code: ProblemCode, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            hints: Vec::new(),
        }
    }

    /// The same problem with one more hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }
}
