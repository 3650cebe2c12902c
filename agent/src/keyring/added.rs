//! From a key that a client gives to a key that signs.

use std::sync::Arc;

use keystay_proto::{
    Certificate, Fingerprint,
    agent::{AddIdentity, AddedKey},
    control::KeyInfo,
    printable,
};

use crate::{
    key::{Fields, FormatError, Key, positive},
    secret::{Secret, scrub_stack},
    sign::{
        Curve, LocalSigner, Private, RsaPrivate, Signer, ecdsa_blob, ed25519_blob, key_type,
        rsa_blob,
    },
};

/// Makes the key; its public half, and its certificate, have to be the private half's.
pub(super) fn key(identity: &AddIdentity<'_>) -> Result<Key, FormatError> {
    let key = build(identity);
    scrub_stack();
    key
}

#[inline(never)]
fn build(identity: &AddIdentity<'_>) -> Result<Key, FormatError> {
    let certified = (identity.certificate.map(Certificate::decode))
        .transpose()
        .map_err(|_| FormatError::Damaged)?
        .map(|certificate| certificate.key_blob);
    let (private, stated) = private(identity, certified.as_deref())?;
    let signer = LocalSigner::new(private)?;
    if certified.is_some_and(|certified| certified != stated) || signer.blob() != stated {
        return Err(FormatError::Mismatch);
    }
    let blob = identity.certificate.unwrap_or(&stated).to_vec();
    let algorithm = key_type(&blob).unwrap_or_default().to_owned();
    if algorithm.as_bytes() != identity.key_type {
        return Err(FormatError::Mismatch);
    }
    let info = KeyInfo {
        fingerprint: Fingerprint::of(&blob),
        algorithm,
        comment: printable(identity.comment),
        source: SOURCE.to_owned(),
        searchable: true,
    };
    Ok(Key {
        info,
        blob,
        signer: Signer::Local(signer),
        kept: Arc::default(),
    })
}

/// The private half, and the public key blob that the message states.
fn private(
    identity: &AddIdentity<'_>,
    certified: Option<&[u8]>,
) -> Result<(Private, Vec<u8>), FormatError> {
    match identity.key {
        AddedKey::Ed25519 { public, private } => {
            let (seed, tail) = private.split_at_checked(32).ok_or(FormatError::Damaged)?;
            if tail != public {
                return Err(FormatError::Mismatch);
            }
            let private = Private::Ed25519(Secret::copy_of(seed));
            Ok((private, ed25519_blob(public)))
        }
        AddedKey::Ecdsa { public, scalar } => {
            let curve = (Curve::ALL.into_iter())
                .find(|curve| identity.key_type.starts_with(curve.algorithm().as_bytes()))
                .ok_or(FormatError::Damaged)?;
            let (name, point) = public.map_or_else(|| pair_of(certified), Ok)?;
            if name != curve.name().as_bytes() {
                return Err(FormatError::Mismatch);
            }
            let scalar = Secret::copy_of(positive(scalar)?);
            Ok((Private::Ecdsa(curve, scalar), ecdsa_blob(curve, point)))
        }
        AddedKey::Rsa { public, private } => {
            let swapped = |(e, n)| (n, e);
            rsa(
                public.map_or_else(|| pair_of(certified).map(swapped), Ok)?,
                private,
            )
        }
    }
}

/// `public` is n and e, `private` d, iqmp, p and q.
fn rsa(public: (&[u8], &[u8]), private: [&[u8]; 4]) -> Result<(Private, Vec<u8>), FormatError> {
    let [exponent, coefficient, first, second] = private;
    let secret = |number| positive(number).map(Secret::copy_of);
    let numbers = RsaPrivate {
        n: positive(public.0)?.to_vec(),
        e: positive(public.1)?.to_vec(),
        d: secret(exponent)?,
        p: secret(first)?,
        q: secret(second)?,
        q_inv: secret(coefficient)?,
    };
    let blob = rsa_blob(&numbers.e, &numbers.n);
    Ok((Private::Rsa(numbers), blob))
}

/// The two fields of a public key blob after its type.
fn pair_of(blob: Option<&[u8]>) -> Result<(&[u8], &[u8]), FormatError> {
    let mut fields = Fields(blob.ok_or(FormatError::Damaged)?);
    fields.string()?;
    Ok((fields.string()?, fields.string()?))
}

/// Where such a key comes from.
const SOURCE: &str = "ssh-add";
