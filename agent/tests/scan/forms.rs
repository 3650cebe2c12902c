//! The ways in which a test writes a number.

use base64::{Engine as _, engine::general_purpose};
use keystay_proto::control::Encoding;

/// A way to write bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Form {
    pub(crate) encoding: Encoding,
    /// One step after the other.
    steps: &'static [Step],
    /// How wide rows must be to be found whatever stands between them.
    pub(crate) width: usize,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Reverse,
    Hex,
    UpperHex,
    Colons,
    UpperBlanks,
    Backslashes,
    Array,
    UpperTightArray,
    Xxd,
    Decimal,
    TightDecimal,
    Base64,
    UrlSafe,
    /// Base64 with its last two characters replaced.
    Escaped(&'static str, &'static str),
    Utf16Le,
    Utf16Be,
}

use Step::{
    Array, Backslashes, Base64, Colons, Decimal, Escaped, Hex, Reverse, TightDecimal, UpperBlanks,
    UpperHex, UpperTightArray, UrlSafe, Utf16Be, Utf16Le, Xxd,
};

const fn form(encoding: Encoding, width: usize, steps: &'static [Step]) -> Form {
    Form {
        encoding,
        steps,
        width,
    }
}

pub(crate) const FORMS: [Form; 46] = [
    form(Encoding::Raw, 1 << 20, &[]),
    form(Encoding::Raw, 1 << 20, &[Reverse]),
    form(Encoding::Hex, 20, &[Hex]),
    form(Encoding::Hex, 20, &[UpperHex]),
    form(Encoding::Hex, 20, &[Reverse, Hex]),
    form(Encoding::SeparatedHex, 32, &[Colons]),
    form(Encoding::SeparatedHex, 32, &[UpperBlanks]),
    form(Encoding::SeparatedHex, 32, &[Backslashes]),
    form(Encoding::SeparatedHex, 47, &[Array]),
    form(Encoding::SeparatedHex, 47, &[UpperTightArray]),
    form(Encoding::SeparatedHex, 32, &[Xxd]),
    form(Encoding::Decimal, 40, &[Decimal]),
    form(Encoding::Decimal, 40, &[TightDecimal]),
    form(Encoding::Base64, 16, &[Base64]),
    form(Encoding::Base64, 16, &[UrlSafe]),
    form(Encoding::Base64, 16, &[Reverse, Base64]),
    form(Encoding::Base64, 16, &[Reverse, UrlSafe]),
    form(Encoding::Base64, 20, &[Escaped("+", "\\/")]),
    form(Encoding::Base64, 32, &[Escaped("\\u002B", "/")]),
    form(Encoding::Base64, 32, &[Escaped("\\u002b", "/")]),
    form(Encoding::Base64, 32, &[Escaped("\\u002B", "\\u002F")]),
    form(Encoding::Base64, 24, &[Escaped("%2B", "%2F")]),
    form(Encoding::Base64, 24, &[Escaped("%2b", "%2f")]),
    form(Encoding::Base64, 24, &[Escaped("%2B", "/")]),
    form(Encoding::Base64, 32, &[Escaped("&#43;", "/")]),
    form(Encoding::DoubleBase64, 20, &[Base64, Base64]),
    form(Encoding::DoubleBase64, 20, &[UrlSafe, Base64]),
    form(Encoding::DoubleBase64, 20, &[UrlSafe, UrlSafe]),
    form(Encoding::TripleBase64, 32, &[Base64, Base64, Base64]),
    form(Encoding::TripleBase64, 32, &[UrlSafe, UrlSafe, UrlSafe]),
    form(Encoding::HexInBase64, 32, &[Hex, Base64]),
    form(Encoding::HexInBase64, 32, &[UpperHex, UrlSafe]),
    form(Encoding::Base64InHex, 32, &[Base64, Hex]),
    form(Encoding::Base64InHex, 32, &[Base64, UpperHex]),
    form(Encoding::Base64InHex, 32, &[UrlSafe, Hex]),
    form(Encoding::Utf16, 32, &[Base64, Utf16Le]),
    form(Encoding::Utf16, 32, &[Base64, Utf16Be]),
    form(Encoding::Utf16, 32, &[UrlSafe, Utf16Le]),
    form(Encoding::Utf16, 32, &[Hex, Utf16Le]),
    form(Encoding::Utf16, 32, &[UpperHex, Utf16Be]),
    form(Encoding::Utf16InBase64, 32, &[Base64, Utf16Le, Base64]),
    form(Encoding::Utf16InBase64, 32, &[Base64, Utf16Be, Base64]),
    form(Encoding::Utf16InBase64, 32, &[UrlSafe, Utf16Le, Base64]),
    form(Encoding::Utf16InBase64, 32, &[Hex, Utf16Le, Base64]),
    form(Encoding::Utf16InBase64, 32, &[UpperHex, Utf16Le, Base64]),
    form(Encoding::Utf16InBase64, 32, &[Hex, Utf16Be, Base64]),
];

impl Form {
    pub(crate) fn write(self, bytes: &[u8]) -> Vec<u8> {
        let write = |bytes: Vec<u8>, step: &Step| step.write(&bytes);
        self.steps.iter().fold(bytes.to_vec(), write)
    }
}

impl Step {
    fn write(self, bytes: &[u8]) -> Vec<u8> {
        let each = |write: fn(&u8) -> String| bytes.iter().map(write).collect::<Vec<_>>().concat();
        let standard = || general_purpose::STANDARD.encode(bytes);
        let text = match self {
            Reverse => return bytes.iter().rev().copied().collect(),
            Hex => each(|byte| format!("{byte:02x}")),
            UpperHex => each(|byte| format!("{byte:02X}")),
            Colons => each(|byte| format!("{byte:02x}:")),
            UpperBlanks => each(|byte| format!("{byte:02X} ")),
            Backslashes => each(|byte| format!("\\x{byte:02x}")),
            Array => each(|byte| format!("{byte:#04x}, ")),
            UpperTightArray => each(|byte| format!("0x{byte:02X},")),
            Xxd => {
                let pair = |pair: &[u8]| {
                    let digits = pair.iter().map(|byte| format!("{byte:02x}"));
                    digits.collect::<Vec<_>>().concat()
                };
                bytes.chunks(2).map(pair).collect::<Vec<_>>().join(" ")
            }
            Decimal => format!("{bytes:?}"),
            TightDecimal => each(|byte| format!("{byte},")),
            Base64 => standard(),
            UrlSafe => general_purpose::URL_SAFE_NO_PAD.encode(bytes),
            Escaped(plus, slash) => {
                // In this order, because an escape may hold a slash.
                standard()
                    .replace('/', "\n")
                    .replace('+', plus)
                    .replace('\n', slash)
            }
            Utf16Le => return wide(bytes, u16::to_le_bytes),
            Utf16Be => return wide(bytes, u16::to_be_bytes),
        };
        text.into_bytes()
    }
}

fn wide(bytes: &[u8], order: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let text = std::str::from_utf8(bytes).unwrap();
    text.encode_utf16().flat_map(order).collect()
}
