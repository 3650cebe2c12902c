//! Keys as text in base64 once more, as variables and secrets of clusters hold them.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::{Kind, pem};

/// The length of the base64 that a text begins with, which begins with [`BEGIN`], and what key it is.
pub(super) fn key(text: &[u8]) -> (usize, Option<Kind>) {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let is_part = |byte: &&u8| is_base64(byte) || matches!(byte, b'\n' | b'\r');
    let length = text.iter().take_while(is_part).count();
    let digits: Vec<u8> = text
        .iter()
        .take(length)
        .copied()
        .filter(is_base64)
        .collect();
    (length, decoded(&digits))
}

fn decoded(digits: &[u8]) -> Option<Kind> {
    // What follows on the next line may look like base64 too.
    let whole = digits.len() - digits.len() % 4;
    let mut lengths = [digits.len(), whole].into_iter();
    let plain = lengths.find_map(|length| LENIENT.decode(digits.get(..length)?).ok())?;
    pem::key(&plain).map(|(_, kind)| kind)
}

/// How a key begins: `-----BEGIN `, but for the last bits.
pub(super) const BEGIN: &[u8] = b"LS0tLS1CRUdJTi";
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);
