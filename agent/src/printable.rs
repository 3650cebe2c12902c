//! Outside text made fit for a terminal.

/// The text with every character escaped that moves the cursor, hides or reorders others.
pub(crate) fn printable(text: &str) -> String {
    text.chars()
        .fold(String::with_capacity(text.len()), |mut out, char| {
            if char.is_control() || is_invisible(char) {
                out.extend(char.escape_default());
            } else {
                out.push(char);
            }
            out
        })
}

/// Zero-width and bidirectional formatting characters, and line and paragraph separators.
fn is_invisible(char: char) -> bool {
    matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::printable;

    #[test]
    fn terminals_receive_no_control_characters() {
        assert_eq!(
            printable("a\x1b[2Jb\nc\u{9b}d\u{202e}e"),
            "a\\u{1b}[2Jb\\nc\\u{9b}d\\u{202e}e"
        );
        assert_eq!(printable("schlüssel von 王"), "schlüssel von 王");
    }
}
