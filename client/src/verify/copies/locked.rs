//! What the files of locked keys say in clear.

use keystay_proto::Fingerprint;

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

/// The key of a locked key file of `PuTTY`, read from behind [`PUTTY`].
pub(super) fn putty(body: &[u8]) -> Option<Fingerprint> {
    let text: String = body.iter().copied().map(char::from).collect();
    let mut lines = text.lines();
    let cipher = lines.find_map(|line| line.strip_prefix("Encryption: "))?;
    let count = lines.find_map(|line| line.strip_prefix("Public-Lines: "))?;
    let count: usize = count.trim().parse().ok()?;
    let public: String = lines.take(count).collect();
    let key = super::armor::decoded(public.as_bytes(), 0);
    (cipher.trim() != "none").then(|| Fingerprint::of(&key))
}

fn string(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    rest.split_at_checked(length)
}

/// How a key file of OpenSSH begins inside of its armour.
pub(super) const OPENSSH: &[u8] = b"openssh-key-v1\0";
/// How a key file of `PuTTY` begins.
pub(super) const PUTTY: &[u8] = b"PuTTY-User-Key-File-";
