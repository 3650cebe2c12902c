//! The text around a private key: `-----BEGIN … KEY-----`, headers and base64 (RFC 7468, RFC 1421).

use base64ct::{Base64, Encoding as _};

use super::FormatError;
use crate::secret::Secret;

/// One block of a PEM file.
#[derive(Debug)]
pub(super) struct Block {
    /// What stands after `BEGIN`.
    pub(super) label: String,
    /// RFC 1421 headers, as in encrypted keys before PKCS#8.
    pub(super) headers: Vec<Header>,
    /// The decoded bytes.
    pub(super) data: Secret,
}

/// A line `name: value`.
#[derive(Debug)]
pub(super) struct Header {
    pub(super) name: String,
    pub(super) value: String,
}

/// The first block of `text` that holds a private key.
///
/// Variables of CI systems are pasted by hand: any white space, or its absence, is accepted
/// between the lines, and so is text around the block.
pub(super) fn private_key(text: &[u8]) -> Result<Block, FormatError> {
    let mut rest = text;
    let mut other = FormatError::NotAKey;
    while let Some((_, after)) = split_once(rest, BEGIN) {
        let (label, after) = split_once(after, DASHES).ok_or(FormatError::Damaged)?;
        let label = str::from_utf8(label).map_err(|_| FormatError::Damaged)?;
        if label.ends_with("PRIVATE KEY") {
            let end = [END, label.as_bytes(), DASHES].concat();
            let (body, _) = split_once(after, &end).ok_or(FormatError::Damaged)?;
            return block(label, body);
        }
        if label.ends_with("PUBLIC KEY") {
            other = FormatError::PublicKey;
        }
        rest = after;
    }
    Err(other)
}

/// Base64 with any white space in it; `None` for anything else.
pub(super) fn base64(text: &[u8]) -> Option<Secret> {
    let mut packed = Secret::zeroed(text.len());
    let mut len = 0;
    let digits = text.iter().filter(|byte| !byte.is_ascii_whitespace());
    for (slot, digit) in packed.bytes_mut().iter_mut().zip(digits) {
        *slot = *digit;
        len += 1;
    }
    packed.truncate(len);
    let mut data = Secret::zeroed(len / 4 * 3);
    let len = Base64::decode(packed.bytes(), data.bytes_mut()).ok()?.len();
    data.truncate(len);
    Some(data)
}

fn block(label: &str, body: &[u8]) -> Result<Block, FormatError> {
    let (headers, body) = headers(body)?;
    let data = base64(body)
        .filter(|data| !data.bytes().is_empty())
        .ok_or(FormatError::Damaged)?;
    Ok(Block {
        label: label.to_owned(),
        headers,
        data,
    })
}

/// Headers are the lines with a colon, up to an empty line; base64 has no colon.
fn headers(body: &[u8]) -> Result<(Vec<Header>, &[u8]), FormatError> {
    let mut headers = Vec::new();
    let mut rest = body;
    while rest.contains(&b':') {
        let (line, after) = split_once(rest, b"\n").ok_or(FormatError::Damaged)?;
        rest = after;
        let line = str::from_utf8(line).map_err(|_| FormatError::Damaged)?;
        if let Some((name, value)) = line.split_once(':') {
            headers.push(Header {
                name: name.trim().to_owned(),
                value: value.trim().to_owned(),
            });
        }
    }
    Ok((headers, rest))
}

/// What stands before and after the first occurrence of `separator`.
fn split_once<'a>(text: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = text
        .windows(separator.len())
        .position(|window| window == separator)?;
    Some((text.get(..at)?, text.get(at + separator.len()..)?))
}

const BEGIN: &[u8] = b"-----BEGIN ";
const END: &[u8] = b"-----END ";
const DASHES: &[u8] = b"-----";
