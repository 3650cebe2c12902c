//! Lines of texts.

use std::io::{BufRead as _, BufReader, Read};

/// The line of this offset, counted from 1. Nothing where there is no text up to there, or too much.
pub(super) fn line(from: impl Read, offset: u64) -> Option<usize> {
    let mut before = BufReader::new(from.take(offset.min(FAR)));
    let (mut line, mut text) = (1, Vec::new());
    while before.read_until(b'\n', &mut text).ok()? > 0 {
        if text.contains(&0) {
            return None;
        }
        line += usize::from(text.ends_with(b"\n"));
        text.clear();
    }
    (offset <= FAR).then_some(line)
}

/// Lines are counted up to here, in bytes.
const FAR: u64 = 64 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_in_texts() {
        let text = b"one\ntwo\nthree".as_slice();
        for (offset, number) in [(0, 1), (3, 1), (4, 2), (8, 3), (12, 3)] {
            assert_eq!(line(text, offset), Some(number), "{offset}");
        }
        assert_eq!(line(b"a\0b\nc".as_slice(), 5), None);
        assert_eq!(line(text, FAR + 1), None);
    }
}
