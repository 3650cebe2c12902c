//! The ways to write a secret number.

use std::ops::Range;

use zeroize::Zeroizing;

/// Bytes that are wiped when dropped.
pub(super) type Secret = Zeroizing<Vec<u8>>;

/// Lower-case hexadecimal digits.
pub(super) const LOWER: &[u8; 16] = b"0123456789abcdef";
/// Upper-case hexadecimal digits.
pub(super) const UPPER: &[u8; 16] = b"0123456789ABCDEF";

/// The last two characters of a base64 alphabet, as they are written; the others are the same in
/// all.
pub(super) type Alphabet = [&'static str; 2];

/// RFC 4648 §4.
pub(super) const STANDARD: Alphabet = ["+", "/"];
/// RFC 4648 §5.
pub(super) const URL_SAFE: Alphabet = ["-", "_"];
/// The standard alphabet inside of JSON, URLs and HTML.
pub(super) const ESCAPED: [Alphabet; 8] = [
    ["+", "\\/"],
    ["\\u002B", "/"],
    ["\\u002b", "/"],
    ["\\u002B", "\\u002F"],
    ["%2B", "%2F"],
    ["%2b", "%2f"],
    ["%2B", "/"],
    ["&#43;", "/"],
];

/// A secret number as text, reduced to what the number alone decides.
pub(super) struct Written {
    pub(super) text: Secret,
    /// How much of the number stands before each byte of the text, and before its end, in
    /// [`BIT`]s.
    marks: Vec<u16>,
}

impl Written {
    /// The number itself, of at most 127 bytes.
    pub(super) fn raw(core: &[u8]) -> Self {
        Self {
            text: Zeroizing::new(core.to_vec()),
            marks: (0..=core.len())
                .map(|at| mark(at * usize::from(8 * BIT)))
                .collect(),
        }
    }

    /// The bytes in reverse, as integers stand in memory.
    pub(super) fn reversed(&self) -> Self {
        Self {
            text: Zeroizing::new(self.text.iter().rev().copied().collect()),
            marks: self.marks.iter().rev().copied().collect(),
        }
    }

    /// Two digits for each byte, with other characters around.
    pub(super) fn hex(&self, digits: &[u8; 16], before: &str, after: &str) -> Self {
        self.spelled(before.len() + 2 + after.len(), |byte, text| {
            text.extend(before.as_bytes());
            text.extend(digits.get(usize::from(byte >> 4)));
            text.extend(digits.get(usize::from(byte & 0x0f)));
            text.extend(after.as_bytes());
        })
    }

    /// Two digits for each byte, and a blank after every second one, as `xxd` writes them; the first
    /// after `first` bytes.
    pub(super) fn hex_pairs(&self, first: usize) -> Self {
        let mut number = first;
        self.spelled(3, |byte, text| {
            text.extend(LOWER.get(usize::from(byte >> 4)));
            text.extend(LOWER.get(usize::from(byte & 0x0f)));
            number += 1;
            text.extend(number.is_multiple_of(2).then_some(b' '));
        })
    }

    /// A decimal number for each byte.
    pub(super) fn decimal(&self, after: &str) -> Self {
        self.spelled(3 + after.len(), |byte, text| {
            for (unit, least) in [(100, 100), (10, 10), (1, 0)] {
                text.extend((byte >= least).then_some(b'0' + byte / unit % 10));
            }
            text.extend(after.as_bytes());
        })
    }

    /// The text in UTF-16; in which order is decided by what stands around it.
    pub(super) fn utf16(&self) -> Self {
        self.spelled(2, |byte, text| text.extend([byte, 0]))
    }

    /// The characters that stand in the base64 of every text that holds this one after `lead` bytes
    /// more than a multiple of three: those that depend on nothing beside it.
    pub(super) fn base64(&self, lead: usize, [plus, slash]: Alphabet) -> Self {
        let first = skipped(lead);
        let count = (self.text.len() * 8).saturating_sub(first) / 6;
        let mut written = Self::with_room_for(count * plus.len().max(slash.len()));
        for at in (first..).step_by(6).take(count) {
            let character = self.sextet(at);
            let text = match LETTERS.get(character..=character) {
                Some(letter) => letter,
                None if character == 62 => plus.as_bytes(),
                None => slash.as_bytes(),
            };
            written.text.extend(text);
            written.marks.resize(written.text.len(), self.mark_of(at));
        }
        written.marks.push(self.mark_of(first + count * 6));
        written
    }

    /// The part of the number that a run of the text stands for, in [`BIT`]s.
    pub(super) fn part(&self, run: &Range<usize>) -> Range<u16> {
        let mark = |at| self.marks.get(at).copied().unwrap_or_default();
        let (start, end) = (mark(run.start), mark(run.end));
        start.min(end)..start.max(end)
    }

    /// Writes every byte of the text by itself, in at most `width` characters.
    fn spelled(&self, width: usize, mut spell: impl FnMut(u8, &mut Vec<u8>)) -> Self {
        let mut written = Self::with_room_for(self.text.len() * width);
        for (at, byte) in self.text.iter().enumerate() {
            let start = written.text.len();
            spell(*byte, &mut written.text);
            let length = written.text.len() - start;
            for character in 0..length {
                written.marks.push(self.mark_between(at, character, length));
            }
        }
        written.marks.extend(self.marks.last());
        written
    }

    fn with_room_for(length: usize) -> Self {
        Self {
            text: Zeroizing::new(Vec::with_capacity(length)),
            marks: Vec::with_capacity(length + 1),
        }
    }

    fn sextet(&self, bit: usize) -> usize {
        let byte = |at: usize| usize::from(self.text.get(at).copied().unwrap_or_default());
        let two = (byte(bit / 8) << 8) | byte(bit / 8 + 1);
        (two >> (10 - bit % 8)) & 0x3f
    }

    fn mark_of(&self, bit: usize) -> u16 {
        self.mark_between(bit / 8, bit % 8, 8)
    }

    /// The mark after some of the equal parts of a byte of the text.
    fn mark_between(&self, at: usize, part: usize, parts: usize) -> u16 {
        let [start, end] =
            [at, at + 1].map(|at| usize::from(self.marks.get(at).copied().unwrap_or_default()));
        mark((start * (parts - part) + end * part) / parts)
    }
}

/// How many bits of the text share their base64 character with the `lead` bytes before it.
fn skipped(lead: usize) -> usize {
    match lead % 3 {
        0 => 0,
        1 => 4,
        _ => 2,
    }
}

fn mark(value: usize) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}

/// A bit of a number, as marks count it: base64 of base64 of base64 carries three and three eighths
/// in a character.
pub(super) const BIT: u16 = 64;
const LETTERS: &[u8; 62] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

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
                let written = Written::raw(&core).base64(before.len() % 3, alphabet);
                let first = (before.len() * 8).div_ceil(6);
                let encoded = engine.encode(&text);
                let expected = &encoded.as_bytes()[first..first + written.text.len()];
                prop_assert_eq!(expected, &written.text[..]);
                prop_assert!((core.len() * 8 - written.text.len() * 6) < 12);
            }
        }

        #[test]
        fn a_whole_text_stands_for_nearly_the_whole_number(core in vec(any::<u8>(), 10..41)) {
            let raw = Written::raw(&core);
            let base64 = raw.base64(1, ESCAPED[1]);
            for written in [
                raw.reversed(),
                raw.hex(UPPER, "0x", ", "),
                raw.hex_pairs(1),
                raw.decimal(","),
                raw.utf16(),
                base64.base64(2, STANDARD).base64(0, STANDARD),
                raw.hex(LOWER, "", "").utf16().base64(1, STANDARD),
                base64,
            ] {
                prop_assert_eq!(written.marks.len(), written.text.len() + 1);
                let part = written.part(&(0..written.text.len()));
                prop_assert!(part.len() + 20 * usize::from(BIT) > core.len() * 8 * usize::from(BIT));
            }
        }
    }

    #[test]
    fn numbers_are_spelled_as_programs_write_them() {
        let raw = Written::raw(&[0x0a, 0xf0, 0x2b]);
        let spelled = |written: Written| String::from_utf8(written.text.to_vec()).unwrap();
        assert_eq!(spelled(raw.hex(LOWER, "", ":")), "0a:f0:2b:");
        assert_eq!(spelled(raw.hex(UPPER, "\\x", "")), "\\x0A\\xF0\\x2B");
        assert_eq!(spelled(raw.hex_pairs(0)), "0af0 2b");
        assert_eq!(spelled(raw.hex_pairs(1)), "0a f02b ");
        assert_eq!(spelled(raw.decimal(", ")), "10, 240, 43, ");
        assert_eq!(
            spelled(raw.hex(LOWER, "", "").utf16()),
            "0\0a\0f\x000\x002\0b\0"
        );
        let raw = Written::raw(&[0xfb, 0xff, 0xff]);
        assert_eq!(spelled(raw.base64(0, ESCAPED[4])), "%2B%2F%2F%2F");
    }

    #[test]
    fn a_reversed_number_carries_its_bits_from_the_end() {
        let reversed = Written::raw(&[0; 32]).reversed();
        assert_eq!(reversed.part(&(0..10)), 22 * 8 * BIT..32 * 8 * BIT);
    }
}
