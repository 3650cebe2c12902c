//! What a host says on standard error, made safe to show while it passes.

use keystay_proto::printable;

/// Escapes control characters and what is no text, in pieces of any size. Line feeds and tabs pass, a
/// carriage return ends a line. After 1 MiB nothing more passes.
#[derive(Debug)]
pub(super) struct Plain {
    /// The beginning of a character whose end has not come.
    held: Vec<u8>,
    after_return: bool,
    room: usize,
}

impl Default for Plain {
    fn default() -> Self {
        Self {
            held: Vec::new(),
            after_return: false,
            room: MAX_SHOWN,
        }
    }
}

impl Plain {
    /// What to show of the next bytes.
    pub(super) fn pass(&mut self, bytes: &[u8]) -> String {
        let mut all = std::mem::take(&mut self.held);
        all.extend_from_slice(bytes);
        let whole = all.len().saturating_sub(unfinished(&all));
        self.held = all.split_off(whole);
        let mut shown = String::with_capacity(all.len());
        for character in String::from_utf8_lossy(&all).chars() {
            self.show(character, &mut shown);
        }
        self.cut(shown)
    }

    fn show(&mut self, character: char, shown: &mut String) {
        let after_return = std::mem::replace(&mut self.after_return, character == '\r');
        match character {
            '\n' if after_return => {}
            '\n' | '\r' => shown.push('\n'),
            '\t' | ' '..='~' => shown.push(character),
            other => shown.push_str(&printable(other.encode_utf8(&mut [0; 4]))),
        }
    }

    fn cut(&mut self, mut shown: String) -> String {
        if shown.len() <= self.room {
            self.room = self.room.saturating_sub(shown.len());
            return shown;
        }
        let at = shown.floor_char_boundary(self.room);
        shown.truncate(at);
        if self.room > 0 {
            shown.push_str("…\n");
        }
        self.room = 0;
        shown
    }
}

/// How many bytes at the end begin a character that more bytes may finish.
fn unfinished(bytes: &[u8]) -> usize {
    match str::from_utf8(
        bytes
            .get(bytes.len().saturating_sub(LONGEST)..)
            .unwrap_or_default(),
    ) {
        Ok(_) => 0,
        Err(_) => (1..LONGEST)
            .find(|count| {
                let tail = bytes.get(bytes.len().saturating_sub(*count)..);
                tail.is_some_and(begins_character)
            })
            .unwrap_or(0),
    }
}

/// Whether the bytes are the beginning of one character and not all of it.
fn begins_character(tail: &[u8]) -> bool {
    str::from_utf8(tail).is_err_and(|error| error.valid_up_to() == 0 && error.error_len().is_none())
}

const MAX_SHOWN: usize = 1024 * 1024;
/// The bytes of the longest character.
const LONGEST: usize = 4;

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    #[test]
    fn lines_pass_and_control_characters_do_not() {
        let mut plain = Plain::default();
        assert_eq!(
            plain.pass("remote:\tgrüße\r\n".as_bytes()),
            "remote:\tgrüße\n"
        );
        assert_eq!(plain.pass(b"10%\r20%\r"), "10%\n20%\n");
        assert_eq!(
            plain.pass(b"\n\x1b]0;x\x07\x7f"),
            "\\u{1b}]0;x\\u{7}\\u{7f}"
        );
        assert_eq!(
            plain.pass("\u{9b}2J\u{202e}".as_bytes()),
            "\\u{9b}2J\\u{202e}"
        );
        assert_eq!(plain.pass(b"\xff\xc3("), "\u{fffd}\u{fffd}(");
    }

    #[test]
    fn a_character_that_comes_in_pieces_is_whole() {
        let mut plain = Plain::default();
        let pieces: String = "a漢\u{1f600}"
            .bytes()
            .map(|byte| plain.pass(&[byte]))
            .collect();
        assert_eq!(pieces, "a漢\u{1f600}");
    }

    #[test]
    fn what_is_too_much_is_cut() {
        let mut plain = Plain::default();
        let first = plain.pass("é".repeat(MAX_SHOWN).as_bytes());
        assert!(first.len() <= MAX_SHOWN + 4 && first.ends_with("…\n"));
        assert_eq!(plain.pass(b"more"), "");
    }

    proptest! {
        #[test]
        fn no_control_character_ever_passes(pieces in vec(vec(any::<u8>(), 0..20), 0..8)) {
            let mut plain = Plain::default();
            for piece in pieces {
                let shown = plain.pass(&piece);
                prop_assert!(!shown.contains(|c: char| c.is_control() && !"\n\t".contains(c)));
                prop_assert!(plain.held.len() < LONGEST);
            }
        }
    }
}
