//! Keys as text in base64 once more, as variables and secrets of clusters hold them.

use super::{Kind, pem};
use crate::verify::armor::decoded;

/// The length of the base64 that a text begins with, which begins with [`BEGIN`], and what key it is.
pub(super) fn key(text: &[u8]) -> (usize, Option<Kind>) {
    let is_part = |byte: &&u8| byte.is_ascii_alphanumeric() || b"+/-_\r\n".contains(*byte);
    let length = text.iter().take_while(is_part).count();
    let plain = decoded(text.get(..length).unwrap_or(text), 0);
    (length, pem::key(&plain).map(|(_, kind)| kind))
}

/// How a key begins: `-----BEGIN `, but for the last bits.
pub(super) const BEGIN: &[u8] = b"LS0tLS1CRUdJTi";
