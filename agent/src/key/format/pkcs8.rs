//! PKCS#8 private keys (RFC 5958), plain and encrypted (RFC 8018 §6.2).

use ::pkcs8::{
    EncryptedPrivateKeyInfoRef, ObjectIdentifier, PrivateKeyInfoRef,
    der::{self, Decode as _, Reader as _, SliceReader, asn1::OctetStringRef},
    pkcs5,
    spki::AlgorithmIdentifierRef,
};

use super::{FormatError, Parsed, pkcs1, sec1};
use crate::{
    secret::Secret,
    sign::{Private, ed25519_blob},
};

/// Reads a `PRIVATE KEY` block.
pub(super) fn parse(data: &[u8]) -> Result<Parsed, FormatError> {
    let info = PrivateKeyInfoRef::try_from(data).map_err(|_| FormatError::Damaged)?;
    let key = info.private_key.as_bytes();
    match info.algorithm.oid {
        ED25519 => ed25519(key, info.public_key.and_then(|public| public.as_bytes())),
        EC => {
            let curve = info
                .algorithm
                .parameters_oid()
                .map_err(|_| FormatError::Damaged)?;
            sec1::parse(key, Some(sec1::curve_of(curve)?))
        }
        RSA => pkcs1::parse(key),
        DSA => Err(FormatError::Dsa),
        other => Err(FormatError::Algorithm(other.to_string())),
    }
}

/// Checks an `ENCRYPTED PRIVATE KEY` block as far as that goes without a passphrase.
pub(super) fn check(data: &[u8]) -> Result<(), FormatError> {
    match (EncryptedPrivateKeyInfoRef::try_from(data), scheme(data)) {
        (Ok(_), _) => Ok(()),
        (Err(_), Ok(scheme)) => Err(FormatError::Encryption(scheme.to_string())),
        (Err(_), Err(_)) => Err(FormatError::Damaged),
    }
}

/// Decrypts an `ENCRYPTED PRIVATE KEY` block.
pub(super) fn unlock(data: &[u8], passphrase: &Secret) -> Result<Parsed, FormatError> {
    let sealed = EncryptedPrivateKeyInfoRef::try_from(data).map_err(|_| FormatError::Damaged)?;
    let mut buffer = Secret::copy_of(sealed.encrypted_data.as_bytes());
    let info = sealed
        .encryption_algorithm
        .decrypt_in_place(passphrase.bytes(), buffer.bytes_mut())
        .map_err(|error| match error {
            pkcs5::Error::UnsupportedAlgorithm { oid }
            | pkcs5::Error::AlgorithmParametersInvalid { oid } => {
                FormatError::Encryption(oid.to_string())
            }
            pkcs5::Error::NoPbes1CryptSupport => FormatError::Encryption("PBES1".to_owned()),
            _ => FormatError::WrongPassphrase,
        })?;
    // One wrong passphrase in 256 leaves valid padding, but no structure.
    parse(info).map_err(FormatError::or_wrong_passphrase)
}

fn scheme(data: &[u8]) -> der::Result<ObjectIdentifier> {
    SliceReader::new(data)?.sequence(|reader| {
        let algorithm = AlgorithmIdentifierRef::decode(reader)?;
        <&OctetStringRef>::decode(reader)?;
        Ok(algorithm.oid)
    })
}

/// RFC 8410 §7: the seed is an octet string of its own inside the octet string.
fn ed25519(key: &[u8], public: Option<&[u8]>) -> Result<Parsed, FormatError> {
    let seed = <&OctetStringRef>::from_der(key).map_err(|_| FormatError::Damaged)?;
    Ok(Parsed {
        private: Private::Ed25519(Secret::copy_of(seed.as_bytes())),
        public: public.map(ed25519_blob),
        comment: String::new(),
    })
}

const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const DSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10040.4.1");
