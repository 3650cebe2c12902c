//! Signing with a private key in this process.

mod core;
mod remainder;

use std::{
    fmt,
    sync::{Arc, LazyLock},
    thread,
};

use aws_lc_rs::{
    agreement,
    rand::SystemRandom,
    rsa::{self, KeyPairComponents, PublicKeyComponents},
    signature::{
        EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA512, RsaEncoding,
    },
};
use tokio::{sync::Semaphore, task::spawn_blocking};

pub use self::core::Core;
use self::{core::core, remainder::exponent_for};
use super::{
    Curve, Private, RsaPrivate, SignError,
    algorithm::algorithm_for,
    ecdsa_blob, ed25519_blob,
    encode::{put_mpint, put_string},
    rsa_blob,
};
use crate::secret::Secret;

/// A private key in this process, ready to sign.
pub struct LocalSigner {
    pair: Pair,
    blob: Vec<u8>,
    cores: Vec<Core>,
}

/// Why the numbers of a private key make no signer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RejectedKey {
    #[error("an RSA key of {0} bits; at least {MIN_RSA_BITS} are needed")]
    WeakRsa(usize),
    #[error("an RSA key of {0} bits; at most {MAX_RSA_BITS} are supported")]
    LongRsa(usize),
    #[error("a damaged private key")]
    Damaged,
}

impl LocalSigner {
    /// Checks the numbers and derives the public key from them.
    pub(crate) fn new(private: Private) -> Result<Self, RejectedKey> {
        match private {
            Private::Ed25519(seed) => Self::ed25519(seed),
            Private::Ecdsa(curve, scalar) => Self::ecdsa(curve, &scalar),
            Private::Rsa(numbers) => Self::rsa(numbers),
        }
    }

    /// The public key blob, derived from the private key.
    #[must_use]
    pub fn blob(&self) -> &[u8] {
        &self.blob
    }

    /// The byte strings that only the private key holds: any one of them gives the key away.
    #[must_use]
    pub fn cores(&self) -> &[Core] {
        &self.cores
    }

    /// See [`Signer::sign`](super::Signer::sign). RSA, which takes milliseconds, is done on
    /// blocking threads, at most one for each processor; the others are signed at once.
    pub async fn sign(&self, data: &[u8], flags: u32) -> Result<Vec<u8>, SignError> {
        let algorithm = algorithm_for(&self.blob, flags).ok_or(SignError::AlgorithmNotAllowed)?;
        let signature = match &self.pair {
            Pair::Ed25519(pair) => pair
                .try_sign(data)
                .map_err(|_| SignError::Failed)?
                .as_ref()
                .to_vec(),
            Pair::Ecdsa(pair) => sign_ecdsa(pair, data)?,
            Pair::Rsa(pair) => sign_rsa(Arc::clone(pair), algorithm, data.to_vec()).await?,
        };
        let mut blob = Vec::with_capacity(8 + algorithm.len() + signature.len());
        put_string(&mut blob, algorithm.as_bytes());
        put_string(&mut blob, &signature);
        Ok(blob)
    }

    fn ed25519(seed: Secret) -> Result<Self, RejectedKey> {
        let pair =
            Ed25519KeyPair::from_seed_unchecked(seed.bytes()).map_err(|_| RejectedKey::Damaged)?;
        let blob = ed25519_blob(pair.public_key().as_ref());
        Ok(Self {
            pair: Pair::Ed25519(pair),
            blob,
            cores: vec![core("seed", seed)],
        })
    }

    fn ecdsa(curve: Curve, scalar: &Secret) -> Result<Self, RejectedKey> {
        let scalar = padded(scalar, curve.scalar_len()).ok_or(RejectedKey::Damaged)?;
        let point = agreement::PrivateKey::from_private_key(curve.agreement(), scalar.bytes())
            .map_err(|_| RejectedKey::Damaged)?
            .compute_public_key()
            .map_err(|_| RejectedKey::Damaged)?;
        let pair = EcdsaKeyPair::from_private_key_and_public_key(
            curve.signing(),
            scalar.bytes(),
            point.as_ref(),
        )
        .map_err(|_| RejectedKey::Damaged)?;
        let blob = ecdsa_blob(curve, point.as_ref());
        Ok(Self {
            pair: Pair::Ecdsa(pair),
            blob,
            cores: vec![core("scalar", scalar)],
        })
    }

    fn rsa(numbers: RsaPrivate) -> Result<Self, RejectedKey> {
        check_lengths(&numbers)?;
        let RsaPrivate {
            n,
            e,
            d,
            p,
            q,
            q_inv,
        } = numbers;
        let d_p = exponent_for(&d, &p).ok_or(RejectedKey::Damaged)?;
        let d_q = exponent_for(&d, &q).ok_or(RejectedKey::Damaged)?;
        let pair = rsa::KeyPair::from_components(&KeyPairComponents {
            public_key: PublicKeyComponents {
                n: n.as_slice(),
                e: e.as_slice(),
            },
            d: d.bytes(),
            p: p.bytes(),
            q: q.bytes(),
            dP: d_p.bytes(),
            dQ: d_q.bytes(),
            qInv: q_inv.bytes(),
        })
        .map_err(|_| RejectedKey::Damaged)?;
        let cores = [
            ("p", p),
            ("q", q),
            ("d", d),
            ("dP", d_p),
            ("dQ", d_q),
            ("qInv", q_inv),
        ]
        .into_iter();
        Ok(Self {
            pair: Pair::Rsa(Arc::new(pair)),
            blob: rsa_blob(&e, &n),
            cores: cores.map(|(name, bytes)| core(name, bytes)).collect(),
        })
    }
}

impl fmt::Debug for LocalSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalSigner").finish_non_exhaustive()
    }
}

enum Pair {
    Ed25519(Ed25519KeyPair),
    Ecdsa(EcdsaKeyPair),
    Rsa(Arc<rsa::KeyPair>),
}

/// RFC 5656 §3.1.2: the signature is `mpint r`, `mpint s`.
fn sign_ecdsa(pair: &EcdsaKeyPair, data: &[u8]) -> Result<Vec<u8>, SignError> {
    let fixed = pair
        .sign(&SystemRandom::new(), data)
        .map_err(|_| SignError::Failed)?;
    let (r, s) = fixed
        .as_ref()
        .split_at_checked(fixed.as_ref().len() / 2)
        .ok_or(SignError::Failed)?;
    let mut signature = Vec::new();
    put_mpint(&mut signature, r);
    put_mpint(&mut signature, s);
    Ok(signature)
}

async fn sign_rsa(
    pair: Arc<rsa::KeyPair>,
    algorithm: &str,
    data: Vec<u8>,
) -> Result<Vec<u8>, SignError> {
    let padding: &'static dyn RsaEncoding = if algorithm == "rsa-sha2-512" {
        &RSA_PKCS1_SHA512
    } else {
        &RSA_PKCS1_SHA256
    };
    // The permit moves into the closure: a caller that gives up does not free the processor.
    let permit = RSA_PERMITS.acquire().await.map_err(|_| SignError::Failed)?;
    let work = move || {
        let _permit = permit;
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(padding, &SystemRandom::new(), &data, &mut signature)
            .map(|()| signature)
    };
    spawn_blocking(work)
        .await
        .map_err(|_| SignError::Failed)?
        .map_err(|_| SignError::Failed)
}

/// The number in exactly `len` bytes.
fn padded(number: &Secret, len: usize) -> Option<Secret> {
    let digits = number.bytes();
    let zeros = digits.iter().take_while(|byte| **byte == 0).count();
    let digits = digits.get(zeros..)?;
    let mut padded = Secret::zeroed(len);
    padded
        .bytes_mut()
        .get_mut(len.checked_sub(digits.len())?..)?
        .copy_from_slice(digits);
    Some(padded)
}

/// Arithmetic takes a time that grows with the square of the lengths.
fn check_lengths(numbers: &RsaPrivate) -> Result<(), RejectedKey> {
    let RsaPrivate { n, e, .. } = numbers;
    check_length(n)?;
    let secret = [&numbers.d, &numbers.p, &numbers.q, &numbers.q_inv].map(Secret::bytes);
    let mut others = secret.into_iter().chain([e.as_slice()]);
    if others.any(|number| number.len() > n.len()) {
        return Err(RejectedKey::Damaged);
    }
    Ok(())
}

fn check_length(modulus: &[u8]) -> Result<(), RejectedKey> {
    let unused = modulus.first().map_or(0, |first| first.leading_zeros());
    let bits = (modulus.len() * 8).saturating_sub(usize::try_from(unused).unwrap_or(0));
    match bits {
        ..MIN_RSA_BITS => Err(RejectedKey::WeakRsa(bits)),
        MIN_RSA_BITS..=MAX_RSA_BITS => Ok(()),
        _ => Err(RejectedKey::LongRsa(bits)),
    }
}

/// NIST SP 800-131A: shorter keys are not to be used for signatures.
const MIN_RSA_BITS: usize = 2048;
/// What the cryptographic library signs with.
const MAX_RSA_BITS: usize = 8192;

static RSA_PERMITS: LazyLock<Semaphore> =
    LazyLock::new(|| Semaphore::new(thread::available_parallelism().map_or(1, Into::into)));
