//! Text of the outside, made safe to show.

use std::borrow::Cow;

/// The text with every character escaped that is not visible ([`is_visible`]); bytes that are not UTF-8 are
/// replaced. What is longer than 256 bytes is cut, which is marked with `…`; an escape is whole or left out.
#[must_use]
pub fn printable(text: impl AsRef<[u8]>) -> String {
    let text = String::from_utf8_lossy(text.as_ref());
    let mut shown = String::with_capacity(text.len().min(MAX_SHOWN));
    for character in text.chars() {
        let end = shown.len();
        if is_visible(character) {
            shown.push(character);
        } else {
            shown.extend(character.escape_default());
        }
        if shown.len() > MAX_SHOWN {
            shown.truncate(end);
            shown.push('…');
            break;
        }
    }
    shown
}

/// The text with every character escaped that is not visible ([`is_visible`]), however long it is.
#[must_use]
pub fn escaped(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_visible) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_visible(character) {
            shown.push(character);
        } else {
            shown.extend(character.escape_default());
        }
    }
    Cow::Owned(shown)
}

/// Whether text of an enemy may stand in a command that a person is told to type: it is one word to
/// every shell, no option, and no pattern that allows more than it names.
#[must_use]
pub fn is_plain_word(text: &str) -> bool {
    // Some letters are seen by nobody.
    let is_letter = |char: char| char.is_alphanumeric() && is_visible(char);
    let is_plain = |char: char| is_letter(char) || "._-/:@+%,~".contains(char);
    !text.is_empty() && !text.starts_with(['-', '~']) && text.chars().all(is_plain)
}

/// Whether a character is seen as itself, by a person and by a terminal: it is no control character, no blank
/// but the space, and none that is shown as nothing or changes what stands beside it (Unicode's
/// `Default_Ignorable_Code_Point`, which the bidirectional controls of UAX #9 are of, the annotations of
/// specials, the blank of Braille).
#[must_use]
pub fn is_visible(character: char) -> bool {
    let hides = matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}'..='\u{1160}' | '\u{17b4}'..='\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
            | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}' | '\u{1bca0}'..='\u{1bca3}'
            | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}'
    );
    let is_blank = character.is_whitespace() && character != ' ';
    !(character.is_control() || hides || is_blank)
}

/// In bytes, escapes included.
const MAX_SHOWN: usize = 256;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_of_any_script_is_kept() {
        assert_eq!(printable("git@host: größe 漢字"), "git@host: größe 漢字");
    }

    #[test]
    fn escape_sequences_and_line_breaks_are_escaped() {
        assert_eq!(printable("a\x1b[31mb\r\n"), "a\\u{1b}[31mb\\r\\n");
    }

    #[test]
    fn direction_overrides_are_escaped() {
        assert_eq!(printable("a\u{202e}b"), "a\\u{202e}b");
    }

    #[test]
    fn what_nobody_sees_is_escaped() {
        for character in "\u{a0}\u{34f}\u{115f}\u{17b4}\u{180b}\u{2028}\u{2800}\u{3000}\u{3164}\u{fe0f}\u{ffa0}\u{fff9}\u{1bca0}\u{e0041}\u{e0100}".chars() {
            let shown = printable(character.to_string());
            assert_eq!(shown, character.escape_unicode().to_string());
            assert!(!is_plain_word(&format!("lib{character}")), "{shown}");
        }
    }

    #[test]
    fn bytes_that_are_not_utf8_are_replaced() {
        assert_eq!(printable(b"a\xffb"), "a\u{fffd}b");
    }

    #[test]
    fn long_text_is_cut() {
        let shown = printable("x".repeat(1_000));
        assert_eq!(shown.chars().count(), 257);
        assert!(shown.ends_with('…'));
    }

    #[test]
    fn text_is_cut_by_what_it_takes_when_it_is_escaped() {
        for character in ["\u{200b}", "\x1b", "漢", "\u{10ffff}", "\0"] {
            let shown = printable(character.repeat(1_000));
            let kept = shown.strip_suffix('…').unwrap();
            assert!((247..=256).contains(&kept.len()), "{}", kept.len());
            let one = printable(character);
            assert_eq!(kept, one.repeat(kept.len() / one.len()));
            assert_eq!(printable(&shown), shown);
        }
    }

    #[test]
    fn a_plain_word_is_one_to_every_shell() {
        for word in [
            "github.com/acme/lib-a",
            "h:2222/~joe/x.y_z",
            "git",
            "größe/漢字",
        ] {
            assert!(is_plain_word(word), "{word}");
        }
        for text in [
            "", "-x", "~x", "a b", "a;id", "a$(id)", "a`id`", "a\nb", "acme/**", "a?", "[::1]/a",
            "a#b", "a\\u{1b}", "a=b", "a'b", "a…",
        ] {
            assert!(!is_plain_word(text), "{text:?}");
        }
    }
}
