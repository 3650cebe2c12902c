//! What holds for any bytes as a private key file.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{FormatError, Locked, Opened, Parsed, Sealed, open};
use crate::{secret::Secret, sign::LocalSigner};

/// A key file reads the same as its base64; the passphrase is `correct horse`, and only what is opened
/// with it in no time is.
///
/// # Panics
///
/// Where that does not hold.
#[must_use]
pub fn key_file(bytes: &[u8]) -> bool {
    let read = read(bytes);
    if bytes.starts_with(b"-----BEGIN ") {
        assert_eq!(self::read(STANDARD.encode(bytes).as_bytes()), read);
    }
    read.is_ok()
}

/// The public half of the key, or nothing where opening it takes time.
fn read(bytes: &[u8]) -> Result<Option<Vec<u8>>, FormatError> {
    match open(&Secret::copy_of(bytes))? {
        Opened::Plain(parsed) => public(parsed).map(Some),
        Opened::Locked(Locked(Sealed::Legacy(sealed))) => {
            let passphrase = Secret::copy_of(b"correct horse");
            sealed.unlock(&passphrase).and_then(public).map(Some)
        }
        Opened::Locked(Locked(Sealed::OpenSsh(_) | Sealed::Pkcs8(_))) => Ok(None),
    }
}

fn public(parsed: Parsed) -> Result<Vec<u8>, FormatError> {
    Ok(LocalSigner::new(parsed.private)?.blob().to_vec())
}
