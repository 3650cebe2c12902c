//! Signing by asking another agent.

mod agent;

use std::sync::Arc;

pub(crate) use self::agent::Identity;
pub use self::agent::{AgentError, UpstreamAgent};
use super::{SignError, algorithm::algorithm_for};

/// A key that another agent holds.
#[derive(Debug)]
pub struct UpstreamSigner {
    agent: Arc<UpstreamAgent>,
    blob: Vec<u8>,
}

impl UpstreamSigner {
    /// The key `blob` of `agent`, of any type.
    #[must_use]
    pub fn new(agent: Arc<UpstreamAgent>, blob: Vec<u8>) -> Self {
        Self { agent, blob }
    }

    /// See [`Signer::sign`](super::Signer::sign).
    pub async fn sign(&self, data: &[u8], flags: u32) -> Result<Vec<u8>, SignError> {
        let algorithm = algorithm_for(&self.blob, flags).ok_or(SignError::AlgorithmNotAllowed)?;
        let signature = self.agent.sign(&self.blob, data, flags).await?;
        // Agents that do not know the flags answer with SHA-1.
        let asked = algorithm
            .strip_suffix("-cert-v01@openssh.com")
            .unwrap_or(algorithm);
        if asked.starts_with("rsa-") && algorithm_for(&signature, 0) != Some(asked) {
            return Err(SignError::UpstreamAnswer);
        }
        Ok(signature)
    }
}

impl From<AgentError> for SignError {
    fn from(error: AgentError) -> Self {
        match error {
            AgentError::Gone(source) => Self::UpstreamGone(source),
            AgentError::Refused => Self::UpstreamRefused,
            AgentError::Answer => Self::UpstreamAnswer,
        }
    }
}
