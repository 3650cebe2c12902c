//! RSA private keys as PKCS#1 writes them (RFC 8017 appendix A.1.2).

use pkcs8::der::{self, Decode as _, Reader as _, SliceReader, Tag, asn1::UintRef};

use super::{FormatError, Parsed};
use crate::{
    secret::Secret,
    sign::{Private, RsaPrivate},
};

/// Reads an `RSAPrivateKey` with two primes.
pub(super) fn parse(der: &[u8]) -> Result<Parsed, FormatError> {
    let numbers = read(der).map_err(|_| FormatError::Damaged)?;
    Ok(Parsed {
        private: Private::Rsa(numbers),
        public: None,
        comment: String::new(),
    })
}

fn read(der: &[u8]) -> der::Result<RsaPrivate> {
    let mut reader = SliceReader::new(der)?;
    let numbers = reader.sequence(numbers)?;
    reader.finish()?;
    Ok(numbers)
}

/// dP and dQ are left out, for they follow from d.
fn numbers(reader: &mut SliceReader<'_>) -> der::Result<RsaPrivate> {
    if u8::decode(reader)? != 0 {
        return Err(reader.error(Tag::Integer.value_error()));
    }
    let mut number = || UintRef::decode(reader).map(|number| number.as_bytes());
    Ok(RsaPrivate {
        n: number()?.to_vec(),
        e: number()?.to_vec(),
        d: Secret::copy_of(number()?),
        p: Secret::copy_of(number()?),
        q: Secret::copy_of(number()?),
        q_inv: {
            let (_d_p, _d_q) = (number()?, number()?);
            Secret::copy_of(number()?)
        },
    })
}
