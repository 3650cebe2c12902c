//! Keys as DER without armour.

use std::ops::Range;

use sha2::{Digest as _, Sha256};

use super::{
    Kind,
    der::{INTEGER, OCTETS, SEQUENCE, is_ec, is_pkcs8, is_rsa, value},
    known,
};

/// The key whose version, which begins with [`MARK`], is at this place of bytes, behind the header of the
/// sequence that it is: where it stands, and what it is.
pub(super) fn key(bytes: &[u8], at: usize) -> Option<(Range<usize>, Kind)> {
    let version = bytes.get(at..)?.strip_prefix(MARK)?.first_chunk()?;
    VERSIONS.contains(version).then_some(())?;
    HEADERS.into_iter().find_map(|header| {
        let begin = at.checked_sub(header)?;
        let rest = bytes.get(begin..)?;
        let (content, later) = value(rest, SEQUENCE)?;
        let length = rest.len() - later.len();
        let whole = rest.get(..length)?;
        let is_right = length == header + content.len();
        let kind = Kind::Key {
            form: form(whole).filter(|_| is_right)?,
            is_locked: false,
            published: known::publisher(&Sha256::digest(whole).into()),
        };
        Some((begin..begin + length, kind))
    })
}

fn form(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        _ if is_pkcs8(bytes) => Some("PKCS #8, DER"),
        _ if is_rsa(bytes) => Some("RSA, PKCS #1, DER"),
        _ if is_ec(bytes) && tells_more(bytes) => Some("EC, SEC 1, DER"),
        _ => None,
    }
}

/// Whether an `ECPrivateKey` tells its curve or its public key: without, any bytes could be one.
fn tells_more(bytes: &[u8]) -> bool {
    let content = value(bytes, SEQUENCE).map(|(content, _)| content);
    let rest = content.and_then(|content| value(content, INTEGER));
    let rest = rest.and_then(|(_, rest)| value(rest, OCTETS));
    rest.is_some_and(|(_, rest)| matches!(rest, [PARAMETERS | PUBLIC_KEY, ..]))
}

/// The beginning of the version of each form.
pub(super) const MARK: &[u8] = b"\x02\x01";
/// The versions of a `PrivateKeyInfo`, of a `OneAsymmetricKey` with its public key, of an `RSAPrivateKey` and
/// of an `ECPrivateKey`, each with the tag of what follows.
const VERSIONS: [[u8; 2]; 4] = [[0, SEQUENCE], [1, SEQUENCE], [0, INTEGER], [1, OCTETS]];
/// The longest header of a sequence that is read.
pub(super) const LONGEST_HEADER: usize = 4;
const HEADERS: [usize; 3] = [LONGEST_HEADER, 3, 2];
const PARAMETERS: u8 = 0xa0;
const PUBLIC_KEY: u8 = 0xa1;
