//! Text of the outside, made fit for a terminal.

use keystay_proto::escaped;

/// The text with all characters escaped that are not seen as themselves.
pub(super) fn printable(text: &[u8]) -> String {
    escaped(&String::from_utf8_lossy(text)).into_owned()
}

/// The first 120 characters, and a mark if there are more.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

const LONGEST: usize = 120;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_reaches_the_terminal_as_a_command() {
        assert_eq!(printable(b"a\x1b[31m\n\xff"), "a\\u{1b}[31m\\n\u{fffd}");
        assert_eq!(printable("x\u{202e}y".as_bytes()), "x\\u{202e}y");
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        assert_eq!(shortened(&"é".repeat(120)), "é".repeat(120));
        assert_eq!(shortened(&"é".repeat(121)), format!("{}…", "é".repeat(120)));
    }
}
