//! Whether bytes are the DER (X.690) of a private key. What the numbers are is not looked at.

/// An `RSAPrivateKey` (RFC 8017, A.1.2).
pub(super) fn is_rsa(bytes: &[u8]) -> bool {
    let Some(numbers) = integers(bytes) else {
        return false;
    };
    let [_, modulus, public, private, p, q, dp, dq, inverse, ..] = numbers.as_slice() else {
        return false;
    };
    let is_like = |one: &[u8], other: &[u8]| one.len().abs_diff(other.len()) <= 2;
    modulus.len() >= 64
        && !public.is_empty()
        && private.len() <= modulus.len()
        && p.len() + q.len() >= modulus.len() / 2
        && is_like(p, q)
        && [dp, dq, inverse]
            .iter()
            .all(|part| part.len() <= p.len() + q.len())
}

/// A DSA key as OpenSSL writes it: a version, p, q, g, y and x.
pub(super) fn is_dsa(bytes: &[u8]) -> bool {
    let numbers = integers(bytes).unwrap_or_default();
    matches!(numbers.as_slice(), [_, p, q, _, _, x] if p.len() >= 64 && q.len() >= 20 && x.len() <= q.len())
}

/// An `ECPrivateKey` (RFC 5915, 3).
pub(super) fn is_ec(bytes: &[u8]) -> bool {
    ec(bytes).is_some()
}

fn ec(bytes: &[u8]) -> Option<()> {
    let (content, []) = value(bytes, SEQUENCE)? else {
        return None;
    };
    let (version, rest) = value(content, INTEGER)?;
    let (number, _) = value(rest, OCTETS)?;
    (version == [1] && (20..=66).contains(&number.len())).then_some(())
}

/// A `PrivateKeyInfo` or `OneAsymmetricKey` (RFC 5958, 2).
pub(super) fn is_pkcs8(bytes: &[u8]) -> bool {
    pkcs8(bytes).unwrap_or(false)
}

fn pkcs8(bytes: &[u8]) -> Option<bool> {
    let (content, []) = value(bytes, SEQUENCE)? else {
        return None;
    };
    let (version, rest) = value(content, INTEGER)?;
    let (algorithm, rest) = value(rest, SEQUENCE)?;
    let (name, _) = value(algorithm, OBJECT)?;
    let (key, _) = value(rest, OCTETS)?;
    let is_right = match name {
        RSA | RSA_PSS => is_rsa(key),
        EC => is_ec(key),
        // Ed25519, Ed448 and their kind (RFC 8410, 7), DSA and the rest: one value.
        _ => key.len() >= 20,
    };
    Some(is_right && matches!(version, [0 | 1]))
}

/// An `EncryptedPrivateKeyInfo` (RFC 5958, 3) of a cipher of PKCS #5, of PKCS #12, or of Java's key stores.
pub(super) fn is_locked_pkcs8(bytes: &[u8]) -> bool {
    locked_pkcs8(bytes).is_some()
}

fn locked_pkcs8(bytes: &[u8]) -> Option<()> {
    let (content, []) = value(bytes, SEQUENCE)? else {
        return None;
    };
    let (algorithm, rest) = value(content, SEQUENCE)?;
    let (name, _) = value(algorithm, OBJECT)?;
    let (locked, []) = value(rest, OCTETS)? else {
        return None;
    };
    let is_known = CIPHERS.iter().any(|known| name.starts_with(known));
    (is_known && locked.len() >= 40).then_some(())
}

/// The integers of a sequence of nothing else, but for a sequence at its end, without their leading
/// zeros.
fn integers(bytes: &[u8]) -> Option<Vec<&[u8]>> {
    let (mut rest, []) = value(bytes, SEQUENCE)? else {
        return None;
    };
    let mut numbers = Vec::new();
    while !rest.is_empty() && numbers.len() < MOST_INTEGERS {
        if let Some((_others, [])) = value(rest, SEQUENCE) {
            break;
        }
        let (number, later) = value(rest, INTEGER)?;
        numbers.push(number.strip_prefix(&[0]).unwrap_or(number));
        rest = later;
    }
    Some(numbers)
}

/// The content of the value that bytes begin with, if it has this tag, and what follows it.
pub(super) fn value(bytes: &[u8], tag: u8) -> Option<(&[u8], &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let (short, rest) = rest.split_first()?;
    let (length, rest) = match short {
        0..=0x7f => (usize::from(*short), rest),
        0x81 => {
            let (length, rest) = rest.split_first()?;
            (usize::from(*length), rest)
        }
        0x82 => {
            let (length, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_be_bytes(*length)), rest)
        }
        _ => return None,
    };
    (*first == tag).then_some(())?;
    rest.split_at_checked(length)
}

pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const OCTETS: u8 = 0x04;
const OBJECT: u8 = 0x06;
/// 1.2.840.113549.1.1.1 and 1.2.840.113549.1.1.10.
const RSA: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01";
const RSA_PSS: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a";
/// 1.2.840.10045.2.1.
const EC: &[u8] = b"\x2a\x86\x48\xce\x3d\x02\x01";
/// 1.2.840.113549.1.5, 1.2.840.113549.1.12.1, and those of JKS and JCEKS, 1.3.6.1.4.1.42.2.17.1.1 and
/// 1.3.6.1.4.1.42.2.19.1.
const CIPHERS: [&[u8]; 4] = [
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x05",
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01",
    b"\x2b\x06\x01\x04\x01\x2a\x02\x11\x01\x01",
    b"\x2b\x06\x01\x04\x01\x2a\x02\x13\x01",
];
/// An RSA key has nine, and those of further primes in a sequence behind them.
const MOST_INTEGERS: usize = 16;
