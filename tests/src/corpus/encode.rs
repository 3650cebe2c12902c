//! Ways in which people and programs write bytes down.

use std::fmt::Write as _;

use base64::{Engine as _, engine::general_purpose};

/// Base64 in one line.
pub(super) fn base64(bytes: &[u8]) -> String {
    general_purpose::STANDARD.encode(bytes)
}

/// Base64 for addresses and file names.
pub(super) fn url_safe(bytes: &[u8]) -> String {
    general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

/// Two digits for each byte, with something between them.
pub(super) fn hex(bytes: &[u8], before: &str, between: &str) -> String {
    let mut text = String::new();
    for (place, byte) in bytes.iter().enumerate() {
        if place > 0 {
            text.push_str(between);
        }
        write!(text, "{before}{byte:02x}").expect("memory");
    }
    text
}

/// The text in rows, with something around each.
pub(super) fn rows(text: &str, width: usize, before: &str, after: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    let rows = characters.chunks(width);
    rows.flat_map(|row| {
        before
            .chars()
            .chain(row.iter().copied())
            .chain(after.chars())
    })
    .collect()
}

/// A list of numbers, as sources have them.
pub(super) fn list(bytes: &[u8], write: impl Fn(u8) -> String) -> String {
    let numbers: Vec<_> = bytes.iter().map(|byte| write(*byte)).collect();
    numbers.join(", ")
}

/// The stream in a gzip file without a name, as zlib writes it: RFC 1950 around the same RFC 1951.
pub(super) fn zlib(gzip: &[u8], plain: &[u8]) -> Vec<u8> {
    let (mut low, mut high) = (1_u32, 0_u32);
    for byte in plain {
        low = (low + u32::from(*byte)) % 65_521;
        high = (high + low) % 65_521;
    }
    let deflated = gzip.get(10..gzip.len() - 8).expect("a gzip file");
    let checksum = ((high << 16) | low).to_be_bytes();
    [&[0x78, 0x9c], deflated, &checksum].concat()
}

/// UTF-16 with the higher byte first.
pub(super) fn utf16_of_networks(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// UTF-16 with the lower byte first, as PowerShell writes files.
pub(super) fn utf16(text: &str) -> Vec<u8> {
    text.encode_utf16().flat_map(u16::to_le_bytes).collect()
}

/// The bytes of a text between armour lines.
pub(super) fn unarmored(text: &str) -> Vec<u8> {
    let body: String = text
        .lines()
        .filter(|line| !line.starts_with("---"))
        .collect();
    general_purpose::STANDARD.decode(body).expect("base64")
}

/// Like a URL's query.
pub(super) fn percent(text: &str) -> String {
    text.replace('+', "%2B")
        .replace('/', "%2F")
        .replace('=', "%3D")
        .replace('\n', "%0A")
        .replace(' ', "%20")
}
