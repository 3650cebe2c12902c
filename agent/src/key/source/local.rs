//! From a key file's content to a key.

use std::sync::Arc;

use keystay_proto::{Fingerprint, control::KeyInfo};

use super::{Fault, Place, Source, SourceError};
use crate::{
    key::{
        Key,
        format::{self, FormatError, Locked, Opened, Parsed},
    },
    prompt::Prompt,
    secret::{Secret, scrub_stack},
    sign::{LocalSigner, Signer, key_type},
};

/// Makes the key that `content` holds, asking for its passphrase where it has one.
pub(super) fn key(
    source: &Source,
    place: &Place,
    content: Secret,
    prompt: &mut dyn Prompt,
) -> Result<Key, SourceError> {
    let key = build(source, place, content, prompt).map_err(|fault| fault.at(place.clone()));
    scrub_stack();
    key
}

/// Everything that handles private numbers happens in here, so that its stack can be wiped.
#[inline(never)]
fn build(
    source: &Source,
    place: &Place,
    content: Secret,
    prompt: &mut dyn Prompt,
) -> Result<Key, Fault> {
    let parsed = match format::open(&content)? {
        Opened::Plain(parsed) => parsed,
        Opened::Locked(locked) => unlock(&locked, place, prompt)?,
    };
    drop(content);
    let Parsed {
        private,
        public,
        comment,
    } = parsed;
    let signer = LocalSigner::new(private).map_err(FormatError::from)?;
    if public.is_some_and(|public| public != signer.blob()) {
        return Err(FormatError::Mismatch.into());
    }
    let blob = signer.blob().to_vec();
    let info = KeyInfo {
        fingerprint: Fingerprint::of(&blob),
        algorithm: key_type(&blob).unwrap_or_default().to_owned(),
        comment,
        source: source.to_string(),
        searchable: true,
    };
    Ok(Key {
        info,
        blob,
        signer: Signer::Local(signer),
        kept: Arc::default(),
    })
}

fn unlock(locked: &Locked, place: &Place, prompt: &mut dyn Prompt) -> Result<Parsed, Fault> {
    let mut text = format!("Passphrase for {place}: ");
    for _ in 0..TRIES {
        let passphrase = prompt.ask(&text).map_err(Fault::Passphrase)?;
        match locked.unlock(&passphrase) {
            Err(FormatError::WrongPassphrase) => {}
            other => return Ok(other?),
        }
        text = format!("Wrong passphrase. Passphrase for {place}: ");
    }
    Err(Fault::WrongPassphrase)
}

/// As often as `ssh` asks.
const TRIES: u32 = 3;

/// The longest key file that is read: an RSA key of 16,384 bits in any format is a fifth of it.
pub(super) const MAX_CONTENT: usize = 64 * 1024;
