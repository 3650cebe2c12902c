//! Signers: what makes a signature for a key.

mod algorithm;
mod encode;
mod local;
mod private;
mod upstream;
mod verify;

use std::io;

use tokio::{join, task::yield_now};

pub use algorithm::algorithm_for;
pub(crate) use algorithm::key_type;
pub(crate) use local::RejectedKey;
pub use local::{Core, LocalSigner};
pub(crate) use private::{Curve, Private, RsaPrivate, ecdsa_blob, ed25519_blob, rsa_blob};
pub(crate) use upstream::Identity;
pub use upstream::{AgentError, UpstreamAgent, UpstreamSigner};
pub(crate) use verify::{is_signed, is_signed_plain};

/// What makes a signature for a key.
#[derive(Debug)]
pub enum Signer {
    /// With the private key in this process.
    Local(LocalSigner),
    /// By asking another agent.
    Upstream(UpstreamSigner),
}

/// Why a signature was not made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The flags ask for an algorithm that is never used: SHA-1 with RSA, DSA.
    #[error("the signature algorithm is not allowed")]
    AlgorithmNotAllowed,
    /// The cryptographic library failed.
    #[error("the signature could not be made")]
    Failed,
    /// The upstream agent cannot be reached, closed the connection or did not answer in time.
    #[error("the upstream agent does not answer")]
    UpstreamGone(#[source] io::Error),
    /// The upstream agent answered that it does not sign this.
    #[error("the upstream agent refuses to sign")]
    UpstreamRefused,
    /// The upstream agent's answer is no signature of the asked kind.
    #[error("the upstream agent's answer is not the signature asked for")]
    UpstreamAnswer,
}

impl Signer {
    /// Signs `data` with the algorithm that the key and the agent protocol's `flags` ask for, and
    /// returns an SSH signature blob (RFC 4253 §6.6): `string algorithm`, `string signature`.
    ///
    /// May take as long as a person needs to confirm when the key is another agent's.
    pub async fn sign(&self, data: &[u8], flags: u32) -> Result<Vec<u8>, SignError> {
        match self {
            Self::Local(signer) => signer.sign(data, flags).await,
            Self::Upstream(signer) => signer.sign(data, flags).await,
        }
    }

    /// The same where a signature may leave only once `recorded` says so. Another agent is asked then; in
    /// this process the signature is made meanwhile, and dropped when there is no record.
    ///
    /// # Errors
    ///
    /// The outer one is that of `recorded`: nothing was signed, or nobody has the signature.
    pub(crate) async fn sign_recorded<E>(
        &self,
        recorded: impl Future<Output = Result<(), E>>,
        data: &[u8],
        flags: u32,
    ) -> Result<Result<Vec<u8>, SignError>, E> {
        match self {
            Self::Local(signer) => {
                let signature = async {
                    // Others hand over their records first: many are written as fast as one.
                    yield_now().await;
                    signer.sign(data, flags).await
                };
                let (recorded, signature) = join!(recorded, signature);
                recorded.map(|()| signature)
            }
            Self::Upstream(signer) => {
                recorded.await?;
                Ok(signer.sign(data, flags).await)
            }
        }
    }

    /// The private key's secret byte strings; none when another agent holds the key.
    #[must_use]
    pub fn cores(&self) -> &[Core] {
        match self {
            Self::Local(signer) => signer.cores(),
            Self::Upstream(_) => &[],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{os::unix::net::UnixListener, sync::Arc};

    use super::*;
    use crate::testing::Fixture;

    async fn unrecorded() -> Result<(), &'static str> {
        yield_now().await;
        Err("the disk is full")
    }

    #[tokio::test]
    async fn a_signature_that_is_not_recorded_is_dropped() {
        let key = Fixture::new().await.key;
        let signed = key.signer.sign_recorded(unrecorded(), b"data", 0).await;
        assert!(signed.is_err());
        let recorded = async { Ok::<_, ()>(()) };
        let signed = key.signer.sign_recorded(recorded, b"data", 0).await;
        assert!(signed.unwrap().is_ok());
    }

    #[tokio::test]
    async fn another_agent_is_not_asked_before_the_record_is_written() {
        let fixture = Fixture::new().await;
        let path = fixture.path("upstream");
        let upstream = UnixListener::bind(&path).unwrap();
        upstream.set_nonblocking(true).unwrap();
        let agent = Arc::new(UpstreamAgent::new(path));
        let key = UpstreamSigner::new(agent, fixture.key.blob.clone());
        let key = Signer::Upstream(key);
        assert!(key.sign_recorded(unrecorded(), b"data", 0).await.is_err());
        let asked = upstream.accept().map_err(|error| error.kind());
        assert_eq!(asked.map(drop), Err(io::ErrorKind::WouldBlock));
    }
}
