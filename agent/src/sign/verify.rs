//! Verifying what a host key signed.

use aws_lc_rs::signature::{
    self, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA512, RsaPublicKeyComponents,
    UnparsedPublicKey,
};
use keystay_proto::{Certificate, Signature, algorithm};

use super::Curve;
use crate::key::Fields;

/// Whether `signature` over `data` is made by the key of `blob`, or by the key that the
/// certificate in `blob` is for, if its authority signed that. RSA with SHA-1 and security keys
/// never count.
pub(crate) fn is_signed(blob: &[u8], data: &[u8], signature: &[u8]) -> bool {
    match Certificate::decode(blob) {
        Ok(certificate) => {
            is_signed_plain(
                certificate.authority,
                certificate.signed,
                certificate.signature,
            ) && is_signed_plain(&certificate.key_blob, data, signature)
        }
        Err(_) => is_signed_plain(blob, data, signature),
    }
}

/// Whether `signature` over `data` is made by the key of `blob`, which is no certificate.
pub(crate) fn is_signed_plain(blob: &[u8], data: &[u8], signature: &[u8]) -> bool {
    checked(blob, data, signature).is_some()
}

fn checked(blob: &[u8], data: &[u8], signature: &[u8]) -> Option<()> {
    let signature = Signature::decode(signature).ok()?;
    let mut fields = Fields(blob);
    fields.string().ok()?;
    if !signature.suffix.is_empty() {
        return None;
    }
    match algorithm(blob)? {
        "ssh-ed25519" if signature.algorithm == "ssh-ed25519" => {
            let key = UnparsedPublicKey::new(&signature::ED25519, fields.string().ok()?);
            key.verify(data, signature.blob).ok()
        }
        "ssh-rsa" => {
            let parameters = match signature.algorithm {
                "rsa-sha2-256" => &RSA_PKCS1_2048_8192_SHA256,
                "rsa-sha2-512" => &RSA_PKCS1_2048_8192_SHA512,
                _ => return None,
            };
            let (e, n) = (fields.number().ok()?, fields.number().ok()?);
            let key = RsaPublicKeyComponents { n, e };
            key.verify(parameters, data, signature.blob).ok()
        }
        name if name == signature.algorithm => {
            let curve = Curve::ALL.into_iter().find(|it| it.algorithm() == name)?;
            if fields.string().ok()? != curve.name().as_bytes() {
                return None;
            }
            let key = UnparsedPublicKey::new(curve.verifying(), fields.string().ok()?);
            key.verify(data, &fixed(curve, signature.blob)?).ok()
        }
        _ => None,
    }
}

/// r and s of RFC 5656 §3.1.2 side by side, each as long as the curve's order.
fn fixed(curve: Curve, blob: &[u8]) -> Option<Vec<u8>> {
    let mut fields = Fields(blob);
    let mut both = Vec::with_capacity(2 * curve.scalar_len());
    for _ in 0..2 {
        let number = fields.number().ok()?;
        let zeros = curve.scalar_len().checked_sub(number.len())?;
        both.resize(both.len() + zeros, 0);
        both.extend_from_slice(number);
    }
    fields.0.is_empty().then_some(both)
}
