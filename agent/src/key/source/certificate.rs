//! A key that is made for this agent alone, with a certificate that a command gets for it.

mod check;
mod command;
mod request;

use std::{
    sync::Arc,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keystay_proto::{Fingerprint, control::KeyInfo, limits::MAX_KEY_BLOB};

pub use self::{
    check::CertificateFault,
    request::{CertificateRequest, RequestError},
};
use super::{Environment, Fault, Place, Source, SourceError};
use crate::{
    key::{Key, format::FormatError},
    secret::{Secret, scrub_stack},
    sign::{LocalSigner, Private, Signer, key_type},
};

/// A fresh ed25519 key with the certificate that the command gives for it. The private half is only
/// ever in this process's memory.
pub(super) async fn load(
    source: &Source,
    request: &CertificateRequest,
    environment: &Environment,
) -> Result<Key, SourceError> {
    let at = |fault: Fault| fault.at(Place::Command(request.program().to_owned()));
    let signer = generate().map_err(at)?;
    let public = format!("ssh-ed25519 {} keystay\n", STANDARD.encode(signer.blob()));
    let given = command::run(request, &public, environment)
        .await
        .map_err(at)?;
    let (blob, comment) = find(&given).ok_or_else(|| at(Fault::NoCertificate))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    let now = now.map_or(0, |now| now.as_secs());
    check::check(&blob, signer.blob(), now, request.longest()).map_err(|fault| at(fault.into()))?;
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

fn generate() -> Result<LocalSigner, Fault> {
    let signer = build();
    scrub_stack();
    signer
}

/// Everything that handles the seed happens in here, so that its stack can be wiped.
#[inline(never)]
fn build() -> Result<LocalSigner, Fault> {
    let mut seed = Secret::zeroed(SEED);
    getrandom::fill(seed.bytes_mut()).map_err(Fault::NoRandomness)?;
    let signer = LocalSigner::new(Private::Ed25519(seed)).map_err(FormatError::from)?;
    Ok(signer)
}

/// The first certificate of an ed25519 key in the text, and the comment after it.
fn find(text: &[u8]) -> Option<(Vec<u8>, String)> {
    let text = String::from_utf8_lossy(text);
    let line = text.lines().map(str::trim).find_map(|line| {
        let rest = line.strip_prefix(KEY_TYPE)?;
        rest.starts_with([' ', '\t']).then(|| rest.trim_start())
    })?;
    let (encoded, comment) = line.split_once([' ', '\t']).unwrap_or((line, ""));
    let blob = STANDARD.decode(encoded).ok()?;
    (blob.len() <= MAX_KEY_BLOB).then(|| (blob, comment.trim().to_owned()))
}

/// RFC 8032 §5.1.5: the bytes of a private key.
const SEED: usize = 32;
const KEY_TYPE: &str = "ssh-ed25519-cert-v01@openssh.com";
