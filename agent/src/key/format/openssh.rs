//! OpenSSH's own format, `openssh-key-v1` (OpenSSH `PROTOCOL.key`).

use ssh_key::{
    Cipher, Kdf,
    cipher::{Error as CipherError, Tag},
};

use super::{FormatError, Locked, Opened, Parsed, fields::Fields};
use crate::{
    secret::Secret,
    sign::{
        Curve, Private, RsaPrivate, algorithm_for, ecdsa_blob, ed25519_blob, key_type, rsa_blob,
    },
};

/// An encrypted private half.
#[derive(Debug)]
pub(super) struct Sealed {
    cipher: Cipher,
    kdf: Kdf,
    public: Vec<u8>,
    private: Vec<u8>,
    tag: Option<Tag>,
}

/// Reads the decoded content of an `OPENSSH PRIVATE KEY` block.
pub(super) fn open(data: &[u8]) -> Result<Opened, FormatError> {
    let mut fields = Fields(data.strip_prefix(MAGIC).ok_or(FormatError::Damaged)?);
    let cipher = fields.string()?;
    let kdf = (fields.string()?, fields.string()?);
    if fields.u32()? != 1 {
        return Err(FormatError::Damaged);
    }
    let public = fields.string()?;
    let private = fields.string()?;
    check_type(public)?;
    if cipher == b"none" {
        if !fields.0.is_empty() {
            return Err(FormatError::Damaged);
        }
        return parse(private, public, FormatError::Damaged).map(Opened::Plain);
    }
    let cipher = cipher_named(cipher)?;
    let sealed = Sealed {
        cipher,
        kdf: kdf_named(kdf.0, kdf.1)?,
        public: public.to_vec(),
        private: private.to_vec(),
        tag: tag(cipher, fields.0)?,
    };
    Ok(Opened::Locked(Locked(super::Sealed::OpenSsh(sealed))))
}

impl Sealed {
    pub(super) fn unlock(&self, passphrase: &Secret) -> Result<Parsed, FormatError> {
        let (key, iv) = self
            .kdf
            .derive_key_and_iv(self.cipher, passphrase.bytes())
            .map_err(|_| FormatError::Damaged)?;
        let mut private = Secret::copy_of(&self.private);
        self.cipher
            .decrypt(&key, &iv, private.bytes_mut(), self.tag)
            .map_err(|error| match error {
                CipherError::UnsupportedCipher(cipher) => {
                    FormatError::Encryption(cipher.as_str().to_owned())
                }
                CipherError::Length => FormatError::Damaged,
                _ => FormatError::WrongPassphrase,
            })?;
        parse(private.bytes(), &self.public, FormatError::WrongPassphrase)
    }
}

/// Refuses what cannot be used before anyone is asked for a passphrase.
fn check_type(public: &[u8]) -> Result<(), FormatError> {
    let name = key_type(public).ok_or(FormatError::Damaged)?;
    let curve = Curve::ALL.iter().any(|curve| curve.algorithm() == name);
    match name {
        "ssh-ed25519" | "ssh-rsa" => Ok(()),
        _ if curve => Ok(()),
        _ if name.starts_with("sk-") => Err(FormatError::SecurityKey),
        _ if algorithm_for(public, 0).is_none() => Err(FormatError::Dsa),
        _ => Err(FormatError::Algorithm(name.to_owned())),
    }
}

fn cipher_named(name: &[u8]) -> Result<Cipher, FormatError> {
    str::from_utf8(name)
        .ok()
        .and_then(|name| Cipher::new(name).ok())
        .filter(|cipher| !matches!(cipher, Cipher::None | Cipher::TdesCbc))
        .ok_or_else(|| FormatError::Encryption(name.escape_ascii().to_string()))
}

fn kdf_named(name: &[u8], options: &[u8]) -> Result<Kdf, FormatError> {
    if name != b"bcrypt" {
        return Err(FormatError::Encryption(name.escape_ascii().to_string()));
    }
    let mut fields = Fields(options);
    let salt = fields.string()?.to_vec();
    Ok(Kdf::Bcrypt {
        salt,
        rounds: fields.u32()?,
    })
}

/// The authentication tag stands after the last field.
fn tag(cipher: Cipher, rest: &[u8]) -> Result<Option<Tag>, FormatError> {
    if cipher.has_tag() {
        rest.try_into().map(Some).map_err(|_| FormatError::Damaged)
    } else if rest.is_empty() {
        Ok(None)
    } else {
        Err(FormatError::Damaged)
    }
}

/// Reads the private half; `unequal` is what two unequal check numbers mean.
fn parse(data: &[u8], public: &[u8], unequal: FormatError) -> Result<Parsed, FormatError> {
    let mut fields = Fields(data);
    if fields.u32()? != fields.u32()? {
        return Err(unequal);
    }
    let (private, stated) = match fields.string()? {
        b"ssh-ed25519" => ed25519(&mut fields)?,
        b"ssh-rsa" => rsa(&mut fields)?,
        name => ecdsa(name, &mut fields)?,
    };
    if stated != public {
        return Err(FormatError::Mismatch);
    }
    let comment = String::from_utf8_lossy(fields.string()?).into_owned();
    if !fields
        .0
        .iter()
        .zip(1..=u8::MAX)
        .all(|(byte, expected)| *byte == expected)
    {
        return Err(FormatError::Damaged);
    }
    Ok(Parsed {
        private,
        public: Some(stated),
        comment,
    })
}

/// `string public`, `string seed || public`.
fn ed25519(fields: &mut Fields<'_>) -> Result<(Private, Vec<u8>), FormatError> {
    let public = fields.string()?;
    let (seed, tail) = fields
        .string()?
        .split_at_checked(32)
        .ok_or(FormatError::Damaged)?;
    if tail != public {
        return Err(FormatError::Mismatch);
    }
    Ok((
        Private::Ed25519(Secret::copy_of(seed)),
        ed25519_blob(public),
    ))
}

/// `string curve`, `string point`, `mpint scalar`.
fn ecdsa(name: &[u8], fields: &mut Fields<'_>) -> Result<(Private, Vec<u8>), FormatError> {
    let curve = Curve::ALL
        .into_iter()
        .find(|curve| curve.algorithm().as_bytes() == name)
        .ok_or(FormatError::Damaged)?;
    if fields.string()? != curve.name().as_bytes() {
        return Err(FormatError::Damaged);
    }
    let blob = ecdsa_blob(curve, fields.string()?);
    Ok((
        Private::Ecdsa(curve, Secret::copy_of(fields.number()?)),
        blob,
    ))
}

/// `mpint n`, `e`, `d`, `iqmp`, `p`, `q`.
fn rsa(fields: &mut Fields<'_>) -> Result<(Private, Vec<u8>), FormatError> {
    let numbers = RsaPrivate {
        n: fields.number()?.to_vec(),
        e: fields.number()?.to_vec(),
        d: Secret::copy_of(fields.number()?),
        q_inv: Secret::copy_of(fields.number()?),
        p: Secret::copy_of(fields.number()?),
        q: Secret::copy_of(fields.number()?),
    };
    let blob = rsa_blob(&numbers.e, &numbers.n);
    Ok((Private::Rsa(numbers), blob))
}

const MAGIC: &[u8] = b"openssh-key-v1\0";
