//! Key files of OpenSSH, without their armour (OpenSSH's PROTOCOL.key).

use sha2::{Digest as _, Sha256};

use super::{Kind, known};

/// The key that bytes begin with, which begin with [`MAGIC`]: its length, and what it is.
pub(super) fn key(bytes: &[u8]) -> Option<(usize, Kind)> {
    let mut rest = bytes.strip_prefix(MAGIC)?;
    for _ in ["cipher", "kdf", "options"] {
        (_, rest) = string(rest)?;
    }
    (_, rest) = rest.split_first_chunk::<4>()?;
    for _ in ["public", "private"] {
        (_, rest) = string(rest)?;
    }
    let length = bytes.len() - rest.len();
    let bytes = bytes.get(..length)?;
    let kind = Kind::Key {
        form: "OpenSSH, without armour",
        is_locked: is_locked(bytes)?,
        published: known::publisher(&Sha256::digest(bytes).into()),
    };
    Some((length, kind))
}

/// Whether a passphrase locks the key, if the bytes are one.
pub(super) fn is_locked(bytes: &[u8]) -> Option<bool> {
    let rest = bytes.strip_prefix(MAGIC)?;
    let (cipher, rest) = string(rest)?;
    let (kdf, rest) = string(rest)?;
    let (_options, rest) = string(rest)?;
    let (count, rest) = rest.split_first_chunk()?;
    let (public, rest) = string(rest)?;
    // A cipher with a tag of its own has that behind the last string.
    let (private, tag) = string(rest)?;
    let (algorithm, _) = string(public)?;
    let is_name = !algorithm.is_empty() && algorithm.iter().all(u8::is_ascii_graphic);
    if u32::from_be_bytes(*count) != 1 || !is_name || tag.len() > LONGEST_TAG {
        return None;
    }
    if cipher != b"none" {
        let is_cipher = !cipher.is_empty() && cipher.iter().all(u8::is_ascii_graphic);
        let is_long = private.len() >= SHORTEST;
        return (is_cipher && kdf == b"bcrypt" && is_long).then_some(true);
    }
    let (first, rest) = private.split_first_chunk::<4>()?;
    let (second, rest) = rest.split_first_chunk::<4>()?;
    let (name, rest) = string(rest)?;
    let (_first_number, _) = string(rest)?;
    (first == second && name == algorithm && private.len() >= SHORTEST).then_some(false)
}

fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    rest.split_at_checked(length)
}

/// How a key begins.
pub(super) const MAGIC: &[u8] = b"openssh-key-v1\0";
/// An ed25519 key has 64 bytes of numbers.
const SHORTEST: usize = 64;
const LONGEST_TAG: usize = 16;
