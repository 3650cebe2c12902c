//! Keys of another agent.

use std::{io, sync::Arc};

use keystay_proto::{Fingerprint, control::KeyInfo};

use super::{Environment, Fault, HeldKey, Place, Source, SourceError};
use crate::{
    key::Key,
    sign::{AgentError, Identity, Signer, UpstreamAgent, UpstreamSigner, key_type},
};

/// The keys of the agent that `SSH_AUTH_SOCK` names: all, or the one with the `wanted` fingerprint.
pub(super) async fn load(
    source: &Source,
    wanted: Option<Fingerprint>,
    environment: &Environment,
) -> Result<Vec<Key>, SourceError> {
    let path = environment
        .agent()
        .ok_or_else(|| Fault::Unset.at(Place::AgentVariable))?;
    let agent = Arc::new(UpstreamAgent::new(path.clone()));
    let place = Place::Agent(path);
    let held = agent
        .list()
        .await
        .map_err(|error| fault(error).at(place.clone()))?;
    if held.is_empty() {
        return Err(Fault::NoKeys.at(place));
    }
    let keys: Vec<Key> = held
        .into_iter()
        .map(|identity| key(source, &agent, identity))
        .collect();
    match wanted {
        None => Ok(keys),
        Some(wanted) => select(keys, wanted).map_err(|fault| fault.at(place)),
    }
}

fn fault(error: AgentError) -> Fault {
    match error {
        AgentError::Gone(error) if error.kind() == io::ErrorKind::NotFound => Fault::Missing,
        AgentError::Gone(error) => Fault::NoAnswer(error),
        AgentError::Refused => Fault::Refuses,
        AgentError::Answer => Fault::NotAnAgent,
    }
}

fn key(source: &Source, agent: &Arc<UpstreamAgent>, identity: Identity) -> Key {
    let info = KeyInfo {
        fingerprint: Fingerprint::of(&identity.blob),
        algorithm: key_type(&identity.blob).unwrap_or("unknown").to_owned(),
        comment: String::from_utf8_lossy(&identity.comment).into_owned(),
        source: source.to_string(),
        searchable: false,
    };
    let signer = UpstreamSigner::new(Arc::clone(agent), identity.blob.clone());
    Key {
        info,
        blob: identity.blob,
        signer: Signer::Upstream(signer),
        kept: Arc::default(),
    }
}

fn select(keys: Vec<Key>, wanted: Fingerprint) -> Result<Vec<Key>, Fault> {
    let held = keys.iter().map(|key| HeldKey::of(&key.info)).collect();
    let found: Vec<Key> = keys
        .into_iter()
        .filter(|key| key.info.fingerprint == wanted)
        .take(1)
        .collect();
    if found.is_empty() {
        Err(Fault::NotHeld { wanted, held })
    } else {
        Ok(found)
    }
}
