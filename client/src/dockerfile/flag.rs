//! The flags of an instruction (`--mount=…`), which end at the first word that is none.

use super::Span;

/// One flag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Where it stands, from its dashes to behind its last character, continuations within it
    /// included.
    pub span: Span,
    /// Its name, without dashes.
    pub name: String,
    /// What follows the first `=`, quotes and escapes resolved.
    pub value: Option<String>,
    /// Whether the line ends within it, in a quote or behind an escape character, so that what is
    /// put behind it becomes part of it.
    pub open: bool,
}

/// A flag as a word of the logical line.
#[derive(Debug)]
pub(super) struct FlagWord {
    pub(super) start: usize,
    pub(super) end: usize,
    text: String,
    open: bool,
}

impl FlagWord {
    pub(super) fn into_flag(self, span: Span) -> Flag {
        let (name, value) = match self.text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (self.text.as_str(), None),
        };
        let name = name.strip_prefix("--").unwrap_or(name).to_owned();
        Flag {
            span,
            name,
            value,
            open: self.open,
        }
    }
}

/// The flags of a line from byte `at` on, and the byte behind them where the arguments begin.
pub(super) fn flag_words(line: &[u8], mut at: usize, escape: char) -> (Vec<FlagWord>, usize) {
    let mut words = Vec::new();
    loop {
        at += rest(line, at)
            .iter()
            .take_while(|byte| is_space(**byte))
            .count();
        if !rest(line, at).starts_with(b"--") {
            return (words, at);
        }
        let word = flag_word(line, at, escape);
        at = word.end;
        if word.text == "--" {
            return (words, at);
        }
        words.push(word);
    }
}

/// `BuildKit` reads flags byte by byte, so a character beyond ASCII becomes several here too.
fn flag_word(line: &[u8], start: usize, escape: char) -> FlagWord {
    let (mut text, mut quote, mut end, mut escaped) = (String::new(), None, line.len(), false);
    for (at, byte) in line.iter().copied().enumerate().skip(start) {
        let c = char::from(byte);
        match quote {
            _ if escaped => {
                text.push(c);
                escaped = false;
            }
            None if is_space(byte) => {
                end = at;
                break;
            }
            None if c == '\'' || c == '"' => quote = Some(c),
            Some(q) if c == q => quote = None,
            _ if c == escape => escaped = true,
            _ => text.push(c),
        }
    }
    FlagWord {
        start,
        end,
        text,
        open: quote.is_some() || escaped,
    }
}

fn rest(line: &[u8], at: usize) -> &[u8] {
    line.get(at..).unwrap_or_default()
}

/// White space among the first 256 characters.
fn is_space(byte: u8) -> bool {
    char::from(byte).is_whitespace()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str, escape: char) -> (Vec<(String, String)>, String) {
        let (words, at) = flag_words(line.as_bytes(), 0, escape);
        let words = words
            .into_iter()
            .map(|word| (line[word.start..word.end].to_owned(), word.text));
        (words.collect(), line[at..].to_owned())
    }

    fn pair(written: &str, read: &str) -> (String, String) {
        (written.to_owned(), read.to_owned())
    }

    #[test]
    fn flags_end_at_the_first_word_that_is_none() {
        let (flags, rest) = read("--mount=type=ssh  --network=none npm --ci", '\\');
        assert_eq!(
            flags,
            [
                pair("--mount=type=ssh", "--mount=type=ssh"),
                pair("--network=none", "--network=none")
            ]
        );
        assert_eq!(rest, "npm --ci");
        assert_eq!(read("-x --y", '\\'), (vec![], "-x --y".to_owned()));
        assert_eq!(read("-", '\\'), (vec![], "-".to_owned()));
    }

    #[test]
    fn two_dashes_alone_end_the_flags() {
        assert_eq!(
            read("--a=b -- --c", '\\'),
            (vec![pair("--a=b", "--a=b")], " --c".to_owned())
        );
        assert_eq!(read("--", '\\'), (vec![], String::new()));
    }

    #[test]
    fn quotes_and_escapes_are_resolved() {
        for (line, text) in [
            ("--mount='type=ssh,id=a b' x", "--mount=type=ssh,id=a b"),
            ("--mount=\"type=ssh,id=a b\" x", "--mount=type=ssh,id=a b"),
            ("--mount=type=ssh\\ ,id=a x", "--mount=type=ssh ,id=a"),
            ("--mount='a\\'b' x", "--mount=a'b"),
            ("--mount=a\\\"b x", "--mount=a\"b"),
            ("--mount=''", "--mount="),
        ] {
            assert_eq!(
                read(line, '\\').0.first().map(|(_, text)| text.as_str()),
                Some(text),
                "{line}"
            );
        }
        assert_eq!(read("--a=b` c d", '`').0, [pair("--a=b` c", "--a=b c")]);
        assert_eq!(read("--a=b\\ c d", '`').0, [pair("--a=b\\", "--a=b\\")]);
    }

    #[test]
    fn an_open_quote_or_a_last_escape_ends_with_the_line() {
        assert_eq!(read("--a='b c", '\\').0, [pair("--a='b c", "--a=b c")]);
        assert_eq!(read("--a=b\\", '\\').0, [pair("--a=b\\", "--a=b")]);
        for (line, open) in [
            ("--a='b c", true),
            ("--a=b\\", true),
            ("--a='b'", false),
            ("--a", false),
        ] {
            assert_eq!(
                flag_words(line.as_bytes(), 0, '\\').0[0].open,
                open,
                "{line}"
            );
        }
    }

    #[test]
    fn characters_beyond_ascii_are_read_byte_by_byte() {
        let (words, at) = flag_words("--a=\u{e9} b".as_bytes(), 0, '\\');
        assert_eq!(words[0].text, "--a=\u{c3}\u{a9}");
        assert_eq!(at, 7);
        // The last byte of a no-break space counts as a space, its first one belongs to the word.
        let (words, _) = flag_words("--a\u{a0}b".as_bytes(), 0, '\\');
        assert_eq!((words[0].text.as_str(), words[0].end), ("--a\u{c2}", 4));
    }
}
