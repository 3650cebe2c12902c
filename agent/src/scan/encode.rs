//! The encodings of a secret number, reduced to what the number alone decides.

use zeroize::Zeroizing;

/// Bytes that are wiped when dropped.
pub(super) type Secret = Zeroizing<Vec<u8>>;

/// The characters of the standard base64 alphabet (RFC 4648 §4).
pub(super) const STANDARD: &[u8; 64] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
/// The characters of the URL-safe base64 alphabet (RFC 4648 §5).
pub(super) const URL_SAFE: &[u8; 64] =
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
/// Lower-case hexadecimal digits.
pub(super) const LOWER: &[u8; 16] = b"0123456789abcdef";
/// Upper-case hexadecimal digits.
pub(super) const UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// The bytes in reverse, as integers stand in memory.
pub(super) fn reversed(core: &[u8]) -> Secret {
    Zeroizing::new(core.iter().rev().copied().collect())
}

/// Two digits for each byte.
pub(super) fn hex(core: &[u8], digits: &[u8; 16]) -> Secret {
    let mut text = Zeroizing::new(Vec::with_capacity(core.len() * 2));
    for byte in core {
        text.extend(digit(digits, u32::from(byte >> 4)));
        text.extend(digit(digits, u32::from(byte & 0x0f)));
    }
    text
}

/// The characters that stand in the base64 of every text that holds `core` after `lead` bytes more
/// than a multiple of three: those that depend on nothing beside it.
pub(super) fn base64(core: &[u8], lead: usize, alphabet: &[u8; 64]) -> Secret {
    let mut text = Zeroizing::new(Vec::with_capacity(core.len() * 4 / 3 + 1));
    let mut skip = skipped(lead);
    let (mut held, mut bits) = (0_u32, 0_u32);
    for byte in core {
        held = (held << 8) | u32::from(*byte);
        bits += 8 - std::mem::take(&mut skip);
        while bits >= 6 {
            bits -= 6;
            text.extend(digit(alphabet, (held >> bits) & 0x3f));
        }
        held &= (1 << bits) - 1;
    }
    text
}

/// How many bits of the text share their base64 character with the `lead` bytes before it.
pub(super) fn skipped(lead: usize) -> u32 {
    match lead % 3 {
        0 => 0,
        1 => 4,
        _ => 2,
    }
}

fn digit(digits: &[u8], value: u32) -> Option<u8> {
    usize::try_from(value)
        .ok()
        .and_then(|value| digits.get(value))
        .copied()
}

#[cfg(test)]
mod tests {
    use base64::{Engine as _, engine::general_purpose};
    use proptest::{collection::vec, prelude::*};

    use super::*;

    proptest! {
        #[test]
        fn base64_of_a_text_holds_what_its_part_decides(
            core in vec(any::<u8>(), 1..80),
            before in vec(any::<u8>(), 0..9),
            after in vec(any::<u8>(), 0..9),
        ) {
            let text = [&before[..], &core, &after].concat();
            for (alphabet, engine) in [
                (STANDARD, &general_purpose::STANDARD),
                (URL_SAFE, &general_purpose::URL_SAFE),
            ] {
                let expected = base64(&core, before.len() % 3, alphabet);
                let first = (before.len() * 8).div_ceil(6);
                let encoded = engine.encode(&text);
                prop_assert_eq!(&encoded.as_bytes()[first..first + expected.len()], &expected[..]);
                prop_assert!((core.len() * 8 - expected.len() * 6) < 12);
            }
        }
    }

    #[test]
    fn hex_has_two_digits_for_each_byte() {
        assert_eq!(hex(&[0x0a, 0xf0], LOWER).as_slice(), b"0af0");
        assert_eq!(hex(&[0x0a, 0xf0], UPPER).as_slice(), b"0AF0");
    }
}
