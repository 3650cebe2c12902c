//! The numbers that a private key consists of, whatever file they came from.

use aws_lc_rs::{
    agreement,
    signature::{self, EcdsaSigningAlgorithm, EcdsaVerificationAlgorithm},
};

use super::encode::{put_mpint, put_string};
use crate::secret::Secret;

/// A private key, not yet checked.
#[derive(Debug)]
pub(crate) enum Private {
    /// RFC 8032: the 32-byte seed.
    Ed25519(Secret),
    /// The scalar, big-endian, of any length.
    Ecdsa(Curve, Secret),
    Rsa(RsaPrivate),
}

/// RFC 8017 §3.2; big-endian numbers. dP and dQ follow from the others.
#[derive(Debug)]
pub(crate) struct RsaPrivate {
    /// Without leading zeros.
    pub(crate) n: Vec<u8>,
    /// Without leading zeros.
    pub(crate) e: Vec<u8>,
    pub(crate) d: Secret,
    pub(crate) p: Secret,
    pub(crate) q: Secret,
    pub(crate) q_inv: Secret,
}

/// The curves of RFC 5656 §10.1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Curve {
    P256,
    P384,
    P521,
}

impl Curve {
    pub(crate) const ALL: [Self; 3] = [Self::P256, Self::P384, Self::P521];

    /// The curve's name inside key blobs.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::P256 => "nistp256",
            Self::P384 => "nistp384",
            Self::P521 => "nistp521",
        }
    }

    /// The key type, which is the signature algorithm too.
    pub(crate) fn algorithm(self) -> &'static str {
        match self {
            Self::P256 => "ecdsa-sha2-nistp256",
            Self::P384 => "ecdsa-sha2-nistp384",
            Self::P521 => "ecdsa-sha2-nistp521",
        }
    }

    /// The length of a scalar in bytes.
    pub(crate) fn scalar_len(self) -> usize {
        match self {
            Self::P256 => 32,
            Self::P384 => 48,
            Self::P521 => 66,
        }
    }

    pub(super) fn signing(self) -> &'static EcdsaSigningAlgorithm {
        match self {
            Self::P256 => &signature::ECDSA_P256_SHA256_FIXED_SIGNING,
            Self::P384 => &signature::ECDSA_P384_SHA384_FIXED_SIGNING,
            Self::P521 => &signature::ECDSA_P521_SHA512_FIXED_SIGNING,
        }
    }

    pub(crate) fn verifying(self) -> &'static EcdsaVerificationAlgorithm {
        match self {
            Self::P256 => &signature::ECDSA_P256_SHA256_FIXED,
            Self::P384 => &signature::ECDSA_P384_SHA384_FIXED,
            Self::P521 => &signature::ECDSA_P521_SHA512_FIXED,
        }
    }

    pub(super) fn agreement(self) -> &'static agreement::Algorithm {
        match self {
            Self::P256 => &agreement::ECDH_P256,
            Self::P384 => &agreement::ECDH_P384,
            Self::P521 => &agreement::ECDH_P521,
        }
    }
}

/// The public key blob of RFC 8709 §4.
pub(crate) fn ed25519_blob(public: &[u8]) -> Vec<u8> {
    let mut blob = Vec::new();
    put_string(&mut blob, b"ssh-ed25519");
    put_string(&mut blob, public);
    blob
}

/// The public key blob of RFC 5656 §3.1, with an uncompressed point.
pub(crate) fn ecdsa_blob(curve: Curve, point: &[u8]) -> Vec<u8> {
    let mut blob = Vec::new();
    put_string(&mut blob, curve.algorithm().as_bytes());
    put_string(&mut blob, curve.name().as_bytes());
    put_string(&mut blob, point);
    blob
}

/// The public key blob of RFC 4253 §6.6.
pub(crate) fn rsa_blob(e: &[u8], n: &[u8]) -> Vec<u8> {
    let mut blob = Vec::new();
    put_string(&mut blob, b"ssh-rsa");
    put_mpint(&mut blob, e);
    put_mpint(&mut blob, n);
    blob
}
