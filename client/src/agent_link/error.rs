//! Why the agent did not serve.

use std::{io, time::Duration};

use keystay_proto::control::Problem;

/// Why the agent did not serve.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LinkError {
    /// It said so itself.
    #[error(transparent)]
    Problem(#[from] Problem),
    /// It could not be started.
    #[error("cannot start the agent: {0}")]
    Start(#[source] io::Error),
    /// It ended before it was ready.
    #[error("the agent ended before it was ready")]
    Ended,
    /// It did not answer in time.
    #[error("the agent did not {what} within {}", humantime::format_duration(*.within))]
    Late {
        /// What was asked of it.
        what: &'static str,
        /// How long it had.
        within: Duration,
    },
    /// It is gone.
    #[error("cannot {what}: the agent does not answer: {source}")]
    Gone {
        /// What was asked of it.
        what: &'static str,
        /// What happened instead.
        source: io::Error,
    },
    /// There is none to ask.
    #[error("no agent runs")]
    NotRunning,
    /// The one of this build is there no more.
    #[error("the agent ended before the build did")]
    Died,
    /// It said what nobody understands.
    #[error("cannot {what}: the agent's answer is not understood")]
    Malformed {
        /// What was asked of it.
        what: &'static str,
        /// What is wrong with the answer.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl LinkError {
    /// What to do about it.
    pub(crate) fn hints(&self) -> Vec<String> {
        match self {
            Self::Problem(problem) => problem.hints.clone(),
            Self::Ended => {
                vec!["its own message stands above; run again with `-vv` to see more".into()]
            }
            Self::NotRunning => {
                vec!["start one with `keystay agent`; builds need none".into()]
            }
            Self::Died => {
                vec!["somebody, or the system for want of memory, has ended it: build again".into()]
            }
            _ => Vec::new(),
        }
    }
}
