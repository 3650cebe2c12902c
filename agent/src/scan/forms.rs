//! A number in every encoding that is looked for, written by other code than that which makes the
//! needles.

use std::fmt::Write as _;

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use keystay_proto::control::Encoding;
use zeroize::Zeroizing;

use super::encode::Secret;

/// The number in every encoding, as part of a longer text where that makes a difference.
pub(super) fn forms(core: &[u8]) -> Vec<(Encoding, Secret)> {
    let reversed: Secret = Zeroizing::new(core.iter().rev().copied().collect());
    let mut forms = Vec::new();
    for bytes in [core, reversed.as_slice()] {
        forms.push((Encoding::Raw, Zeroizing::new(bytes.to_vec())));
        forms.extend(hexes(bytes).map(|text| (Encoding::Hex, text)));
        forms.extend(escaped(bytes).map(|text| (Encoding::Base64, text)));
        for text in base64s(bytes) {
            forms.push((Encoding::Base64, text));
        }
    }
    lists(core, &mut forms);
    for text in hexes(core) {
        wide(&text, &mut forms);
        forms.extend(around(&text).map(|text| (Encoding::HexInBase64, base64(&text))));
    }
    for text in base64s(core) {
        wide(&text, &mut forms);
        forms.extend(hexes(&text).map(|text| (Encoding::Base64InHex, text)));
        for double in around(&text).map(|text| base64(&text)) {
            let triple = around(&double).map(|text| base64(&text));
            forms.extend(triple.map(|text| (Encoding::TripleBase64, text)));
            forms.push((Encoding::DoubleBase64, double));
        }
    }
    forms
}

/// The base64 of texts that hold the bytes at each of the three places in a group.
fn base64s(bytes: &[u8]) -> impl Iterator<Item = Secret> {
    around(bytes).flat_map(|text| {
        let url_safe = Zeroizing::new(URL_SAFE_NO_PAD.encode(&text).into_bytes());
        [base64(&text), url_safe]
    })
}

/// Base64 as serialisers of JSON, forms and pages write it.
fn escaped(bytes: &[u8]) -> impl Iterator<Item = Secret> {
    around(bytes).flat_map(|text| {
        let text = Zeroizing::new(STANDARD.encode(&text));
        let put = |plus: &str, slash: &str| {
            let text = Zeroizing::new(text.replace('+', plus));
            Zeroizing::new(text.replace('/', slash).into_bytes())
        };
        [
            put("+", r"\/"),
            put(r"\u002B", "/"),
            put(r"\u002b", "/"),
            put(r"\u002B", r"\u002F"),
            put("%2B", "%2F"),
            put("%2b", "%2f"),
            put("%2B", "/"),
            put("&#43;", "/"),
        ]
    })
}

fn lists(core: &[u8], forms: &mut Vec<(Encoding, Secret)>) {
    let mut hex = |text| forms.push((Encoding::SeparatedHex, text));
    hex(each(core, |byte, text| write!(text, "{byte:02x}:")));
    hex(each(core, |byte, text| write!(text, "{byte:02X}:")));
    hex(each(core, |byte, text| write!(text, "{byte:02x} ")));
    hex(each(core, |byte, text| write!(text, "{byte:02X} ")));
    hex(each(core, |byte, text| write!(text, r"\x{byte:02x}")));
    hex(each(core, |byte, text| write!(text, r"\x{byte:02X}")));
    hex(each(core, |byte, text| write!(text, "{byte:#04x}, ")));
    hex(each(core, |byte, text| write!(text, "0x{byte:02X}, ")));
    hex(each(core, |byte, text| write!(text, "{byte:#04x},")));
    hex(each(core, |byte, text| write!(text, "0x{byte:02X},")));
    for (at, text) in around(core).enumerate().take(2) {
        let _ = at;
        let mut pair = 0;
        hex(each(&text, |byte, text| {
            pair += 1;
            let after = if pair % 2 == 0 { " " } else { "" };
            write!(text, "{byte:02x}{after}")
        }));
    }
    let mut decimal = |text| forms.push((Encoding::Decimal, text));
    decimal(each(core, |byte, text| write!(text, "{byte}, ")));
    decimal(each(core, |byte, text| write!(text, "{byte},")));
}

/// UTF-16 of a text in both orders, and the base64 of that.
fn wide(text: &[u8], forms: &mut Vec<(Encoding, Secret)>) {
    let text = Zeroizing::new(String::from_utf8_lossy(text).into_owned());
    for order in [u16::to_le_bytes, u16::to_be_bytes] {
        let wide = Zeroizing::new(text.encode_utf16().flat_map(order).collect::<Vec<_>>());
        forms.extend(around(&wide).map(|text| (Encoding::Utf16InBase64, base64(&text))));
        forms.push((Encoding::Utf16, wide));
    }
}

fn hexes(bytes: &[u8]) -> impl Iterator<Item = Secret> {
    [
        each(bytes, |byte, text| write!(text, "{byte:02x}")),
        each(bytes, |byte, text| write!(text, "{byte:02X}")),
    ]
    .into_iter()
}

fn each(bytes: &[u8], mut write: impl FnMut(u8, &mut String) -> std::fmt::Result) -> Secret {
    // Room for all, so that nothing is left behind where a shorter buffer was.
    let mut text = String::with_capacity(bytes.len() * 6);
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write(*byte, &mut text);
    }
    Zeroizing::new(text.into_bytes())
}

fn base64(bytes: &[u8]) -> Secret {
    Zeroizing::new(STANDARD.encode(bytes).into_bytes())
}

/// The bytes after none, one and two others, and before four.
fn around(bytes: &[u8]) -> impl Iterator<Item = Secret> {
    (0..3).map(move |lead| {
        let before = std::iter::repeat_n(&FILLER, lead);
        let after = std::iter::repeat_n(&FILLER, 4);
        Zeroizing::new(before.chain(bytes).chain(after).copied().collect())
    })
}

/// Between the forms, and around what is written: in no encoding of anything.
pub(super) const FILLER: u8 = b'~';
