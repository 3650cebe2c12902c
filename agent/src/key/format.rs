//! Formats of private key files.

mod armor;
mod fields;
#[cfg(any(test, fuzzing))]
mod fuzzing;
mod legacy;
mod openssh;
mod pkcs1;
mod pkcs8;
mod sec1;

pub(crate) use self::fields::{Fields, positive};
#[cfg(any(test, fuzzing))]
pub use self::fuzzing::key_file;
use crate::{
    secret::Secret,
    sign::{Private, RejectedKey},
};

/// What a key file says.
#[derive(Debug)]
pub(crate) struct Parsed {
    /// The private half.
    pub(crate) private: Private,
    /// The public key blob where the file states it; it has to be the private half's.
    pub(crate) public: Option<Vec<u8>>,
    /// The comment where the format has one; text of the outside.
    pub(crate) comment: String,
}

/// A key file, as far as it can be read without a passphrase.
#[derive(Debug)]
pub(crate) enum Opened {
    /// It is not encrypted.
    Plain(Parsed),
    /// It is.
    Locked(Locked),
}

/// An encrypted key file.
#[derive(Debug)]
pub(crate) struct Locked(Sealed);

#[derive(Debug)]
enum Sealed {
    OpenSsh(openssh::Sealed),
    Pkcs8(Secret),
    Legacy(legacy::Sealed),
}

/// Why a text is no private key that can be used; a sentence's predicate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormatError {
    /// Nothing that is known.
    #[error("does not hold a private key")]
    NotAKey,
    /// A public key or a certificate.
    #[error("holds a public key, not the private one")]
    PublicKey,
    /// The format of `PuTTY`.
    #[error("holds a PuTTY key")]
    Putty,
    /// The handle of a key on a FIDO device.
    #[error("holds the handle of a security key, which only an agent can use")]
    SecurityKey,
    /// DSA.
    #[error("holds a DSA key, which is never used")]
    Dsa,
    /// RSA, too short.
    #[error("holds an RSA key of {0} bits; at least 2048 are needed")]
    WeakRsa(usize),
    /// RSA, too long.
    #[error("holds an RSA key of {0} bits; at most 8192 are supported")]
    LongRsa(usize),
    /// A key type that is not supported; the name is text of the file.
    #[error("holds a key of a type that is not supported ({0})")]
    Algorithm(String),
    /// A cipher or key derivation that is not supported; the name is text of the file.
    #[error("is encrypted in a way that is not supported ({0})")]
    Encryption(String),
    /// The public half in the file belongs to another key.
    #[error("holds a public half that is not the private half's")]
    Mismatch,
    /// The passphrase does not open it.
    #[error("is encrypted, and the passphrase is wrong")]
    WrongPassphrase,
    /// Cut short, or changed.
    #[error("holds a damaged private key")]
    Damaged,
}

impl FormatError {
    /// Damage after decryption means that the passphrase was wrong.
    fn or_wrong_passphrase(self) -> Self {
        if self == Self::Damaged {
            Self::WrongPassphrase
        } else {
            self
        }
    }
}

impl From<RejectedKey> for FormatError {
    fn from(rejected: RejectedKey) -> Self {
        match rejected {
            RejectedKey::WeakRsa(bits) => Self::WeakRsa(bits),
            RejectedKey::LongRsa(bits) => Self::LongRsa(bits),
            RejectedKey::Damaged => Self::Damaged,
        }
    }
}

/// Reads a private key file's content: the file, or its base64 as CI systems store it.
pub(crate) fn open(content: &Secret) -> Result<Opened, FormatError> {
    let text = content.bytes();
    let text = text
        .strip_prefix(BYTE_ORDER_MARK)
        .unwrap_or(text)
        .trim_ascii();
    match armor::base64(text).filter(|inner| is_key_file(inner.bytes())) {
        Some(inner) => read(inner.bytes().trim_ascii()),
        None => read(text),
    }
}

impl Locked {
    /// Decrypts the key.
    pub(crate) fn unlock(&self, passphrase: &Secret) -> Result<Parsed, FormatError> {
        match &self.0 {
            Sealed::OpenSsh(sealed) => sealed.unlock(passphrase),
            Sealed::Pkcs8(data) => pkcs8::unlock(data.bytes(), passphrase),
            Sealed::Legacy(sealed) => sealed.unlock(passphrase),
        }
    }
}

fn read(text: &[u8]) -> Result<Opened, FormatError> {
    if text.starts_with(PUTTY) {
        return Err(FormatError::Putty);
    }
    if is_public(text) {
        return Err(FormatError::PublicKey);
    }
    let lines = with_line_ends(text);
    let block = armor::private_key(lines.as_ref().map_or(text, Secret::bytes))?;
    match block.label.as_str() {
        "OPENSSH PRIVATE KEY" => openssh::open(block.data.bytes()),
        "RSA PRIVATE KEY" => legacy(&block, pkcs1::parse),
        "EC PRIVATE KEY" => legacy(&block, |der| sec1::parse(der, None)),
        "PRIVATE KEY" => pkcs8::parse(block.data.bytes()).map(Opened::Plain),
        "ENCRYPTED PRIVATE KEY" => {
            pkcs8::check(block.data.bytes())?;
            Ok(Opened::Locked(Locked(Sealed::Pkcs8(block.data))))
        }
        "DSA PRIVATE KEY" => Err(FormatError::Dsa),
        other => Err(FormatError::Algorithm(other.escape_default().to_string())),
    }
}

/// A block that may be encrypted in the way that came before PKCS#8.
fn legacy(
    block: &armor::Block,
    parse: fn(&[u8]) -> Result<Parsed, FormatError>,
) -> Result<Opened, FormatError> {
    match legacy::Sealed::new(block, parse)? {
        Some(sealed) => Ok(Opened::Locked(Locked(Sealed::Legacy(sealed)))),
        None => parse(block.data.bytes()).map(Opened::Plain),
    }
}

/// Text whose lines are joined with the two characters `\n`, as in JSON, gets its line ends back.
fn with_line_ends(text: &[u8]) -> Option<Secret> {
    if text.contains(&b'\n') || !text.contains(&b'\\') {
        return None;
    }
    let mut lines = Secret::copy_of(text);
    let mut escaped = false;
    for byte in lines.bytes_mut() {
        let was_escaped = escaped;
        escaped = *byte == b'\\';
        if escaped {
            *byte = b' ';
        } else if was_escaped && matches!(*byte, b'n' | b'r') {
            *byte = b'\n';
        }
    }
    Some(lines)
}

fn is_key_file(text: &[u8]) -> bool {
    text.starts_with(b"-----BEGIN ") || text.starts_with(PUTTY)
}

/// A line of a `.pub` or `authorized_keys` file, or RFC 4716.
fn is_public(text: &[u8]) -> bool {
    let starts = |prefix: &&[u8]| text.starts_with(prefix);
    PUBLIC.iter().any(starts) && text.windows(5).any(|window| window == b" AAAA")
        || text.starts_with(b"---- BEGIN SSH2 PUBLIC KEY ----")
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
const PUTTY: &[u8] = b"PuTTY-User-Key-File-";
const PUBLIC: [&[u8]; 3] = [b"ssh-", b"ecdsa-sha2-", b"sk-"];
