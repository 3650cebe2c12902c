//! What the files of locked keys say in clear.

use keystay_proto::Fingerprint;

use crate::verify::armor::decoded;

/// The key of a locked key file of OpenSSH, read from behind [`OPENSSH`] (OpenSSH's PROTOCOL.key):
/// `string ciphername`, `string kdfname`, `string kdfoptions`, `uint32 count`, `string publickey`.
/// Nothing for a file that is not locked: what it holds is looked for as it is.
pub(super) fn openssh(body: &[u8]) -> Option<Fingerprint> {
    let (cipher, rest) = string(body)?;
    let (_kdf, rest) = string(rest)?;
    let (_options, rest) = string(rest)?;
    let (_count, rest) = rest.split_at_checked(4)?;
    let (key, _) = string(rest)?;
    let is_name = cipher.iter().all(u8::is_ascii_graphic) && !cipher.is_empty();
    (is_name && cipher != b"none").then(|| Fingerprint::of(key))
}

/// Whether bytes behind [`OPENSSH`], which may be cut, can be the beginning of a key file: a name of a
/// cipher.
pub(super) fn may_be_openssh(body: &[u8]) -> bool {
    let Some((length, rest)) = body.split_first_chunk::<4>() else {
        return true;
    };
    let length = usize::try_from(u32::from_be_bytes(*length)).unwrap_or(usize::MAX);
    let name = rest.get(..length).unwrap_or(rest);
    (1..=LONGEST_NAME).contains(&length) && name.iter().all(u8::is_ascii_graphic)
}

/// The key of a locked key file of `PuTTY`, read from behind [`PUTTY`]: the type of the key, `Encryption`,
/// `Comment` and `Public-Lines` are the first four lines.
pub(super) fn putty(body: &[u8]) -> Option<Fingerprint> {
    let first = body.get(..LONGEST_NAME).unwrap_or(body);
    first.contains(&b'\n').then_some(())?;
    let mut lines = body.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let cipher = lines.nth(1)?.strip_prefix(b"Encryption: ")?;
    let count = lines.nth(1)?.strip_prefix(b"Public-Lines: ")?;
    let count = str::from_utf8(count).ok()?.parse().ok()?;
    let public: Vec<u8> = lines.take(count).flatten().copied().collect();
    let key = decoded(&public, 0);
    (cipher != b"none").then(|| Fingerprint::of(&key))
}

fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    rest.split_at_checked(length)
}

/// Longer than the name of any cipher or type of key.
const LONGEST_NAME: usize = 64;
/// How a key file of OpenSSH begins inside of its armour.
pub(super) const OPENSSH: &[u8] = b"openssh-key-v1\0";
/// How a key file of `PuTTY` begins.
pub(super) const PUTTY: &[u8] = b"PuTTY-User-Key-File-";
