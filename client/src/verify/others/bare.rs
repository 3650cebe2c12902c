//! Keys as DER without armour.

use std::ops::Range;

use sha2::{Digest as _, Sha256};

use super::{
    Kind,
    der::{INTEGER, OCTETS, SEQUENCE, is_ec, is_locked_pkcs8, is_pkcs8, is_rsa, value},
    known,
};

/// The key whose version, which begins with [`MARK`], is at this place of bytes, behind the header of the
/// sequence that it is: where it stands, and what it is.
pub(super) fn key(bytes: &[u8], at: usize) -> Option<(Range<usize>, Kind)> {
    let version = bytes.get(at..)?.strip_prefix(MARK)?.first_chunk()?;
    VERSIONS.contains(version).then_some(())?;
    let plain = |header| {
        let (place, whole) = sequence(bytes, at.checked_sub(header)?, header)?;
        Some((place, kind(whole, form(whole)?, false)))
    };
    HEADERS.into_iter().find_map(plain)
}

/// The locked key whose cipher has a name that begins with [`NAME`] at this place of bytes, behind the
/// headers of the name, of what the cipher is given, and of the key: where it stands, and what it is. Those of
/// a PKCS #12 file are such, too.
pub(super) fn locked(bytes: &[u8], at: usize) -> Option<(Range<usize>, Kind)> {
    let cipher = bytes.get(at..)?.strip_prefix(NAME)?.first()?;
    CIPHERS.contains(cipher).then_some(())?;
    locked_by(bytes, at, "PKCS #8, DER")
}

/// The same of a cipher that Java's key stores have for themselves, whose name begins with [`JAVA`].
pub(super) fn stored(bytes: &[u8], at: usize) -> Option<(Range<usize>, Kind)> {
    locked_by(bytes, at, "Java key store")
}

fn locked_by(bytes: &[u8], at: usize, form: &'static str) -> Option<(Range<usize>, Kind)> {
    let locked = |(inner, outer)| {
        let (place, whole) = sequence(bytes, at.checked_sub(2 + inner + outer)?, outer)?;
        is_locked_pkcs8(whole).then(|| (place, kind(whole, form, true)))
    };
    let headers = |inner| HEADERS.into_iter().map(move |outer| (inner, outer));
    [2_usize, 3].into_iter().flat_map(headers).find_map(locked)
}

/// The sequence that begins here, if its header has this length.
fn sequence(bytes: &[u8], begin: usize, header: usize) -> Option<(Range<usize>, &[u8])> {
    let rest = bytes.get(begin..)?;
    let (content, later) = value(rest, SEQUENCE)?;
    let length = rest.len() - later.len();
    (length == header + content.len()).then_some((begin..begin + length, rest.get(..length)?))
}

fn kind(whole: &[u8], form: &'static str, is_locked: bool) -> Kind {
    Kind::Key {
        form,
        is_locked,
        published: known::publisher(&Sha256::digest(whole).into()),
    }
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
/// 1.2.840.113549.1, whose children are the names of PKCS.
pub(super) const NAME: &[u8] = b"\x2a\x86\x48\x86\xf7\x0d\x01";
/// Of PKCS #5 and of PKCS #12.
const CIPHERS: [u8; 2] = [5, 12];
/// 1.3.6.1.4.1.42.2, whose children are the names of what was Sun's.
pub(super) const JAVA: &[u8] = b"\x2b\x06\x01\x04\x01\x2a\x02";
/// How many bytes a key has before its mark: the headers of two sequences, and that of a name.
pub(super) const MOST_BEFORE: usize = 4 + 3 + 2;
/// How long the header of a sequence may be.
const HEADERS: [usize; 3] = [4, 3, 2];
const PARAMETERS: u8 = 0xa0;
const PUBLIC_KEY: u8 = 0xa1;
