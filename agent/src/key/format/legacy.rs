//! The encryption of PEM keys before PKCS#8: RFC 1421 headers with OpenSSL's key derivation.

use aws_lc_rs::{
    cipher::{
        AES_128, AES_192, AES_256, Algorithm, DecryptionContext, PaddedBlockDecryptingKey,
        UnboundCipherKey,
    },
    iv::FixedLength,
};
use md5::{Digest as _, Md5};
use zeroize::{Zeroize as _, Zeroizing};

use super::{FormatError, Parsed, armor::Block};
use crate::secret::Secret;

/// An encrypted block of a type that is not encrypted as such.
#[derive(Debug)]
pub(super) struct Sealed {
    parse: fn(&[u8]) -> Result<Parsed, FormatError>,
    algorithm: &'static Algorithm,
    key_len: usize,
    iv: [u8; 16],
    data: Vec<u8>,
}

impl Sealed {
    /// The encrypted key of `block`, whose plain content `parse` reads; `None` when the block is
    /// not encrypted.
    pub(super) fn new(
        block: &Block,
        parse: fn(&[u8]) -> Result<Parsed, FormatError>,
    ) -> Result<Option<Self>, FormatError> {
        let header = |name: &str| {
            block
                .headers
                .iter()
                .find(|header| header.name == name)
                .map(|header| &header.value)
        };
        if header("Proc-Type").is_none_or(|value| value != "4,ENCRYPTED") {
            return Ok(None);
        }
        let method = header("DEK-Info").ok_or(FormatError::Damaged)?;
        let (cipher, iv) = method.split_once(',').ok_or(FormatError::Damaged)?;
        let (algorithm, key_len) = match cipher.trim() {
            "AES-128-CBC" => (&AES_128, 16),
            "AES-192-CBC" => (&AES_192, 24),
            "AES-256-CBC" => (&AES_256, 32),
            other => return Err(FormatError::Encryption(other.escape_default().to_string())),
        };
        let iv = hex(iv.trim()).ok_or(FormatError::Damaged)?;
        Ok(Some(Self {
            parse,
            algorithm,
            key_len,
            iv,
            data: block.data.bytes().to_vec(),
        }))
    }

    pub(super) fn unlock(&self, passphrase: &Secret) -> Result<Parsed, FormatError> {
        let mut key = derive(passphrase, &self.iv);
        key.truncate(self.key_len);
        let key = UnboundCipherKey::new(self.algorithm, key.bytes())
            .and_then(PaddedBlockDecryptingKey::cbc_pkcs7)
            .map_err(|_| FormatError::Damaged)?;
        let mut data = Secret::copy_of(&self.data);
        let iv = DecryptionContext::Iv128(FixedLength::from(self.iv));
        let plain = key
            .decrypt(data.bytes_mut(), iv)
            .map_err(|_| FormatError::WrongPassphrase)?;
        // One wrong passphrase in 256 leaves valid padding, but no structure.
        (self.parse)(plain).map_err(FormatError::or_wrong_passphrase)
    }
}

/// OpenSSL's `EVP_BytesToKey` with MD5, one round and the vector's first half as salt: 32 bytes.
fn derive(passphrase: &Secret, iv: &[u8; 16]) -> Secret {
    let (salt, _) = iv.split_at(8);
    let mut key = Secret::zeroed(32);
    let mut last = Zeroizing::new(Vec::with_capacity(16));
    for part in key.bytes_mut().chunks_mut(16) {
        let mut digest: [u8; 16] = Md5::new()
            .chain_update(last.as_slice())
            .chain_update(passphrase.bytes())
            .chain_update(salt)
            .finalize()
            .into();
        part.copy_from_slice(&digest);
        last.clear();
        last.extend_from_slice(&digest);
        digest.zeroize();
    }
    key
}

fn hex(text: &str) -> Option<[u8; 16]> {
    let number = u128::from_str_radix(text, 16).ok()?;
    (text.len() == 32).then(|| number.to_be_bytes())
}
