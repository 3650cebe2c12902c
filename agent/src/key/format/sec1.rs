//! EC private keys as SEC 1 writes them (RFC 5915).

use ::sec1::{EcParameters, EcPrivateKey};
use pkcs8::{ObjectIdentifier, der::Decode as _};

use super::{FormatError, Parsed};
use crate::{
    secret::Secret,
    sign::{Curve, Private, ecdsa_blob},
};

/// Reads an `ECPrivateKey`. The `curve` is given where the structure around it names it.
pub(super) fn parse(der: &[u8], curve: Option<Curve>) -> Result<Parsed, FormatError> {
    let key = EcPrivateKey::from_der(der).map_err(|_| FormatError::Damaged)?;
    let curve = match (curve, key.parameters) {
        (Some(curve), _) => curve,
        (None, Some(EcParameters::NamedCurve(oid))) => curve_of(oid)?,
        (None, None) => return Err(FormatError::Damaged),
    };
    Ok(Parsed {
        private: Private::Ecdsa(curve, Secret::copy_of(key.private_key)),
        public: key
            .public_key
            .filter(uncompressed)
            .map(|point| ecdsa_blob(curve, point)),
        comment: String::new(),
    })
}

/// The curve that an object identifier of RFC 5480 §2.1.1.1 names.
pub(super) fn curve_of(oid: ObjectIdentifier) -> Result<Curve, FormatError> {
    match oid {
        P256 => Ok(Curve::P256),
        P384 => Ok(Curve::P384),
        P521 => Ok(Curve::P521),
        other => Err(FormatError::Algorithm(format!(
            "ECDSA on the curve {other}"
        ))),
    }
}

/// SEC 1 §2.3.3. A compressed point is not compared with the private half, which decides alone.
fn uncompressed(point: &&[u8]) -> bool {
    point.first() == Some(&4)
}

const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const P384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.34");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");
