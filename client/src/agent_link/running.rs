//! The choice between the agent that runs and a private one.

use std::{fs, os::unix::fs::MetadataExt as _, path::Path};

use keystay_proto::control::control_socket;
use rustix::process::geteuid;

use super::{Control, LinkError, PrivateAgent, Program, Starting};
use crate::{cli::KeySource, engine::Variables};

/// The agent that serves a command.
#[derive(Debug)]
pub(crate) enum Agent {
    /// The user's, which holds keys already.
    Running(Control),
    /// One for this command alone.
    Private(Box<PrivateAgent>),
}

/// An agent that will serve a command.
#[derive(Debug)]
pub(crate) enum Summoned {
    Running(Control),
    Starting(Box<Starting>),
}

impl Summoned {
    /// The agent for keys of these sources: a private one, since a source that is named is never
    /// handed to another process. Where none is named, the one that runs serves if it holds a key.
    pub(crate) async fn by(
        keys: &[KeySource],
        verbose: u8,
        variables: &Variables,
    ) -> Result<Self, LinkError> {
        if keys.is_empty()
            && let Ok(control) = running(variables)
            && control.keys().await.is_ok_and(|keys| !keys.is_empty())
        {
            tracing::info!(socket = %control.socket().display(), "using the agent that runs");
            return Ok(Self::Running(control));
        }
        let program = Program::own(keys, verbose)?;
        Ok(Self::Starting(Box::new(Starting::spawn(&program)?)))
    }

    /// Waits until it serves. A private one reads its keys only now, and may ask a person for passphrases.
    pub(crate) async fn ready(self) -> Result<Agent, LinkError> {
        Ok(match self {
            Self::Running(control) => Agent::Running(control),
            Self::Starting(starting) => Agent::Private(Box::new(starting.ready().await?)),
        })
    }
}

impl Agent {
    /// Its control API.
    pub(crate) fn control(&self) -> &Control {
        match self {
            Self::Running(control) => control,
            Self::Private(agent) => agent.control(),
        }
    }

    /// Ends a private one.
    pub(crate) async fn end(self) {
        if let Self::Private(agent) = self {
            agent.end().await;
        }
    }
}

/// The agent that runs, or will when its socket is asked.
///
/// # Errors
///
/// When there is no socket, or when another user could have put it there.
pub(crate) fn running(variables: &Variables) -> Result<Control, LinkError> {
    let home = variables.home().ok_or(LinkError::NotRunning)?;
    let runtime = variables.get("XDG_RUNTIME_DIR").map(Into::into);
    let socket = control_socket(runtime, &home);
    if !is_ours(&socket) || !socket.parent().is_some_and(is_ours) {
        return Err(LinkError::NotRunning);
    }
    Ok(Control::new(socket))
}

fn is_ours(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.uid() == geteuid().as_raw())
}
