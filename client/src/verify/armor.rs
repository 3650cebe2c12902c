//! Base64 as it stands in files: in rows, quoted, escaped.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

/// The characters that stand in the base64 of every text that holds `part` after `lead` bytes more
/// than a multiple of three: those that depend on nothing beside it.
pub(super) fn determined(part: &[u8], lead: usize) -> Vec<u8> {
    let text = [&vec![0; lead], part].concat();
    let whole = text.len() * 8 / 6;
    let encoded = ENGINE.encode(&text).into_bytes();
    let inner = encoded.get(shared(lead)..whole);
    inner.unwrap_or_default().to_vec()
}

/// The bytes of a text whose first character is the first of [`determined`], from the first whole
/// byte on. What is no character of base64 is passed over; an escaped line feed is two characters.
pub(super) fn decoded(text: &[u8], lead: usize) -> Vec<u8> {
    let mut characters = vec![b'A'; shared(lead)];
    let mut rest = text.iter();
    while let Some(character) = rest.next() {
        match character {
            b'-' => characters.push(b'+'),
            b'_' => characters.push(b'/'),
            b'\\' => {
                if let Some(b'n' | b'r' | b't') = rest.as_slice().first() {
                    rest.next();
                }
            }
            b'=' => break,
            other if other.is_ascii_alphanumeric() || matches!(other, b'+' | b'/') => {
                characters.push(*other);
            }
            _ => {}
        }
    }
    // One character left over decides no byte.
    if characters.len() % 4 == 1 {
        characters.pop();
    }
    let mut bytes = ENGINE.decode(characters).unwrap_or_default();
    bytes.drain(..lead.min(bytes.len()));
    bytes
}

/// How many characters the `lead` bytes share in.
fn shared(lead: usize) -> usize {
    (lead * 8).div_ceil(6)
}

const ENGINE: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[cfg(test)]
mod tests {
    use base64::engine::general_purpose;

    use super::*;

    #[test]
    fn a_part_is_recognised_and_what_follows_is_read_at_every_place() {
        for lead in 0..6 {
            let before = vec![b'x'; lead];
            let text = [&before[..], b"openssh-key-v1\0", b"and what follows"].concat();
            let encoded = general_purpose::STANDARD.encode(text).into_bytes();
            let part = determined(b"openssh-key-v1\0", lead % 3);
            let place = encoded
                .windows(part.len())
                .position(|window| window == part)
                .unwrap();
            let bytes = decoded(&encoded[place..], lead % 3);
            assert!(
                bytes.ends_with(b"penssh-key-v1\0and what follows"),
                "{lead}"
            );
            assert_eq!(bytes.len(), 31, "{lead}");
        }
    }

    #[test]
    fn rows_quotes_and_escapes_do_not_matter() {
        let text = b"YWJj\n  \"ZGVm\", \\nZ2hp\r\nag==";
        assert_eq!(decoded(text, 0), b"abcdefghij");
    }
}
