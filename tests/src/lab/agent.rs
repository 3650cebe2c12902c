//! An OpenSSH `ssh-agent` for one test.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

use super::LabError;
use super::process::{run, wait_until};

/// A real `ssh-agent` with its own socket; gone when dropped.
#[derive(Debug)]
pub struct UpstreamAgent {
    child: Child,
    socket: PathBuf,
    _folder: TempDir,
}

impl UpstreamAgent {
    /// Starts an agent that holds these keys, in this order. The keys must have no passphrase.
    pub fn with(keys: &[PathBuf]) -> Result<Self, LabError> {
        let folder = tempfile::Builder::new()
            .prefix("lab-agent-")
            .tempdir_in("/tmp")
            .map_err(LabError::file("create a folder in", Path::new("/tmp")))?;
        let socket = folder.path().join("agent.sock");
        let child = Command::new("ssh-agent")
            .arg("-D")
            .arg("-a")
            .arg(&socket)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|source| LabError::Start {
                program: "ssh-agent".to_owned(),
                source,
            })?;
        let agent = Self {
            child,
            socket,
            _folder: folder,
        };
        agent.wait()?;
        if !keys.is_empty() {
            run(agent.add_command().arg("-q").args(keys))?;
        }
        Ok(agent)
    }

    /// The agent's socket, for `SSH_AUTH_SOCK`.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// Its process id.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// `ssh-add` that speaks to this agent.
    #[must_use]
    pub fn add_command(&self) -> Command {
        let mut command = Command::new("ssh-add");
        command
            .env("SSH_AUTH_SOCK", &self.socket)
            .env_remove("DISPLAY");
        command
    }

    /// The socket's file is there a moment before anybody listens.
    fn wait(&self) -> Result<(), LabError> {
        if wait_until(PATIENCE, || UnixStream::connect(&self.socket).is_ok()) {
            return Ok(());
        }
        Err(LabError::Silent {
            name: "ssh-agent".to_owned(),
            seconds: PATIENCE.as_secs(),
            log: self.socket.clone(),
        })
    }
}

impl Drop for UpstreamAgent {
    fn drop(&mut self) {
        // It may have ended by itself, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const PATIENCE: Duration = Duration::from_secs(5);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_answers_until_it_is_dropped() {
        let agent = UpstreamAgent::with(&[]).unwrap();
        let listed = agent.add_command().arg("-l").output().unwrap();
        assert_eq!(listed.stdout, b"The agent has no identities.\n");
        let socket = agent.socket().to_owned();
        drop(agent);
        assert!(!socket.exists());
    }
}
