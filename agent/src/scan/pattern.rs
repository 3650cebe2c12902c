//! One secret number in one encoding.

use keystay_proto::control::Encoding;

use super::encode::{ESCAPED, LOWER, STANDARD, UPPER, URL_SAFE, Written};

/// The bytes to be found.
pub(super) struct Pattern {
    pub(super) written: Written,
    pub(super) piece: usize,
    pub(super) encoding: Encoding,
    /// Every which of its windows is looked for.
    pub(super) step: usize,
}

impl Pattern {
    /// Every encoding of a piece of at most [`LONGEST`] bytes, none twice; the first is the piece
    /// itself.
    pub(super) fn all(piece: usize, core: &[u8]) -> Vec<Self> {
        let mut all = Vec::new();
        let mut add = |encoding, step, written| {
            all.push(Self {
                written,
                piece,
                encoding,
                step,
            });
        };
        let raw = Written::raw(core);
        add(Encoding::Raw, DENSE, Written::raw(core));
        plain(&raw, &mut add);
        plain(&raw.reversed(), &mut add);
        add(Encoding::Raw, DENSE, raw.reversed());
        separated(&raw, &mut add);
        nested(&raw, &mut add);
        without_doubles(all)
    }

    /// How much memory it takes, in bytes.
    pub(super) fn size(&self) -> usize {
        size_of::<Self>() + self.written.text.capacity() * 3
    }
}

/// Digits and base64 with nothing between.
fn plain(raw: &Written, add: &mut impl FnMut(Encoding, usize, Written)) {
    for digits in [LOWER, UPPER] {
        add(Encoding::Hex, DENSE, raw.hex(digits, "", ""));
    }
    for lead in leads() {
        for alphabet in [STANDARD, URL_SAFE].into_iter().chain(ESCAPED) {
            add(Encoding::Base64, DENSE, raw.base64(lead, alphabet));
        }
    }
}

/// Numbers with something between.
fn separated(raw: &Written, add: &mut impl FnMut(Encoding, usize, Written)) {
    for digits in [LOWER, UPPER] {
        for (before, after) in [("", ":"), ("", " "), ("\\x", ""), ("0x", ", "), ("0x", ",")] {
            let written = raw.hex(digits, before, after);
            add(Encoding::SeparatedHex, SPARSE, written);
        }
    }
    for first in 0..2 {
        add(Encoding::SeparatedHex, SPARSE, raw.hex_pairs(first));
    }
    for after in [", ", ","] {
        add(Encoding::Decimal, SPARSE, raw.decimal(after));
    }
}

/// One encoding in another.
fn nested(raw: &Written, add: &mut impl FnMut(Encoding, usize, Written)) {
    let digits = [LOWER, UPPER];
    for hex in digits.map(|digits| raw.hex(digits, "", "")) {
        add(Encoding::Utf16, DENSE, hex.utf16());
        for lead in leads() {
            let (inner, wide) = (&hex, hex.utf16());
            add(Encoding::HexInBase64, DENSE, inner.base64(lead, STANDARD));
            add(Encoding::Utf16InBase64, DENSE, wide.base64(lead, STANDARD));
        }
    }
    for (lead, alphabet) in leads().flat_map(|lead| [(lead, STANDARD), (lead, URL_SAFE)]) {
        let inner = raw.base64(lead, alphabet);
        add(Encoding::Utf16, DENSE, inner.utf16());
        for digits in digits {
            add(Encoding::Base64InHex, DENSE, inner.hex(digits, "", ""));
        }
        for lead in leads() {
            // No text of base64 needs the last two characters to be written in base64.
            let double = inner.base64(lead, STANDARD);
            for lead in leads() {
                add(
                    Encoding::TripleBase64,
                    SPARSE,
                    double.base64(lead, STANDARD),
                );
            }
            add(Encoding::DoubleBase64, DENSE, double);
            let wide = inner.utf16().base64(lead, STANDARD);
            add(Encoding::Utf16InBase64, DENSE, wide);
        }
    }
}

fn leads() -> std::ops::Range<usize> {
    0..3
}

fn without_doubles(all: Vec<Pattern>) -> Vec<Pattern> {
    let mut kept: Vec<Pattern> = Vec::with_capacity(all.len());
    for pattern in all {
        let text = &pattern.written.text;
        if kept.iter().all(|other| other.written.text != *text) {
            kept.push(pattern);
        }
    }
    kept
}

/// The longest piece, in bytes: its longest form, a list of `0x00, `, has 240.
pub(super) const LONGEST: usize = 40;
/// Found in rows of 15 characters and more.
pub(super) const DENSE: usize = 1;
/// Found in rows of 31 characters and more: the text is looked up at every eighth byte, and has with
/// every third window one in common within 24.
const SPARSE: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_looked_for_in_every_encoding_and_fits() {
        let core: Vec<u8> = (0..40_u8)
            .map(|n| n.wrapping_mul(237).wrapping_add(211))
            .collect();
        let all = Pattern::all(0, &core);
        assert_eq!(all[0].written.text.as_slice(), core);
        assert!(all.iter().all(|pattern| pattern.written.text.len() <= 255));
        let mut encodings: Vec<_> = all.iter().map(|pattern| pattern.encoding).collect();
        encodings.sort_unstable();
        encodings.dedup();
        assert_eq!(encodings.len(), 11);
    }

    #[test]
    fn equal_texts_are_kept_once() {
        let all = Pattern::all(0, &[7; 31]);
        let raw = all
            .iter()
            .filter(|pattern| pattern.encoding == Encoding::Raw);
        assert_eq!(raw.count(), 1);
    }
}
