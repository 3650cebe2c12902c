//! The records of a pax header (POSIX.1-2017 `pax`, "pax Extended Header"): `length key=value\n`.

/// A reader of records, given their bytes in parts of any size. As Go's `archive/tar` it goes by the
/// lengths, whatever the values are, and refuses the header for one wrong record.
#[derive(Default)]
pub(super) struct Records {
    part: Part,
    is_wrong: bool,
}

enum Part {
    /// The length of a record, and how many digits it has so far.
    Length(usize, usize),
    /// What was kept of a record's text, and how much of that is to come.
    Text(Vec<u8>, usize),
}

impl Default for Part {
    fn default() -> Self {
        Self::Length(0, 0)
    }
}

impl Records {
    /// Reads the next bytes, and tells the key and the value of each record; of a long value its
    /// beginning.
    pub(super) fn push(&mut self, bytes: &[u8], mut tell: impl FnMut(&[u8], &[u8])) {
        for byte in bytes {
            if self.is_wrong {
                return;
            }
            let next = match std::mem::take(&mut self.part) {
                Part::Length(length, digits) => length_goes_on(length, digits, *byte),
                Part::Text(text, left) => text_goes_on(text, left, *byte, &mut tell),
            };
            self.is_wrong = next.is_none();
            self.part = next.unwrap_or_default();
        }
    }

    /// Whether all was records, and the last one is whole.
    pub(super) fn are_whole(&self) -> bool {
        !self.is_wrong && matches!(self.part, Part::Length(_, 0))
    }
}

fn length_goes_on(length: usize, digits: usize, byte: u8) -> Option<Part> {
    match byte {
        b'0'..=b'9' if digits < MOST_DIGITS => Some(Part::Length(
            length * 10 + usize::from(byte - b'0'),
            digits + 1,
        )),
        b' ' => {
            let left = length.checked_sub(digits + 1)?;
            (left > 0).then(|| Part::Text(Vec::new(), left))
        }
        _ => None,
    }
}

fn text_goes_on(
    mut text: Vec<u8>,
    left: usize,
    byte: u8,
    tell: &mut impl FnMut(&[u8], &[u8]),
) -> Option<Part> {
    if left > 1 {
        if text.len() < KEPT {
            text.push(byte);
        }
        return Some(Part::Text(text, left - 1));
    }
    let equals = text.iter().position(|byte| *byte == b'=')?;
    let (key, value) = text.split_at_checked(equals)?;
    if byte != b'\n' || key.is_empty() {
        return None;
    }
    tell(key, value.get(1..)?);
    Some(Part::default())
}

/// More than the header may be long.
const MOST_DIGITS: usize = 9;
/// A path as long as Linux takes one, and its key.
const KEPT: usize = 4096 + 64;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &[u8], cut: usize) -> (Vec<(String, String)>, bool) {
        let (mut records, mut told) = (Records::default(), Vec::new());
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        for part in header.chunks(cut) {
            records.push(part, |key, value| told.push((text(key), text(value))));
        }
        (told, records.are_whole())
    }

    #[test]
    fn values_may_hold_anything() {
        let header = b"26 comment=a\n10 size=5\n\n\n\n12 path=a=b\n8 size=\n";
        for cut in [1, 3, 100] {
            let (told, are_whole) = read(header, cut);
            let expected = [
                ("comment", "a\n10 size=5\n\n\n"),
                ("path", "a=b"),
                ("size", ""),
            ];
            assert_eq!(
                told,
                expected.map(|(key, value)| (key.into(), value.into()))
            );
            assert!(are_whole);
        }
    }

    #[test]
    fn a_wrong_record_is_told() {
        for header in [
            "8 size=5\n",
            "11 size=5\n",
            "10 size=5\n7",
            "10 size=5\n7 ",
            "6 abcd\n",
            "5 =a\n",
            "0 a=b\n",
            "2 a=b\n",
            "+6 a=b\n",
            "a=b\n",
            "\n",
            "9999999999 a=b\n",
        ] {
            assert!(!read(header.as_bytes(), 100).1, "{header:?}");
        }
        assert!(read(b"", 1).1);
    }

    #[test]
    fn of_a_long_value_the_beginning_is_kept() {
        let header = [b"1000017 comment=", "v".repeat(1_000_000).as_bytes(), b"\n"].concat();
        let (told, are_whole) = read(&header, 1000);
        assert!(are_whole);
        assert_eq!(told[0].1.len(), KEPT - "comment=".len());
    }
}
