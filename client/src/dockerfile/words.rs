//! Words of a shell command line, as far as `BuildKit` splits them to find heredocs.
//!
//! There are no variables here: each `$name` and `${name…}` stays in the text, but a substitution
//! that `BuildKit` cannot read makes the whole line have no words.

use std::iter::Peekable;
use std::mem::take;
use std::str::Chars;

use super::MAX_SUBSTITUTION_DEPTH;

/// Why a line has no words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum WordError {
    /// A quote or a substitution that has no end, or a substitution of an unknown form.
    Syntax,
    /// Substitutions nest too deep.
    TooDeep,
}

/// What stays in the words besides the text itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raw {
    /// Quotes.
    pub(super) quotes: bool,
    /// Backslashes.
    pub(super) escapes: bool,
}

/// Splits a line into its words.
pub(super) fn words(line: &str, raw: Raw) -> Result<Vec<String>, WordError> {
    let mut scan = Scan {
        chars: line.chars().peekable(),
        raw,
        depth: 0,
    };
    Ok(scan.until(None, raw.escapes)?.words)
}

struct Scan<'a> {
    chars: Peekable<Chars<'a>>,
    raw: Raw,
    depth: usize,
}

/// Text read so far: whole, and as words.
#[derive(Default)]
struct Text {
    whole: String,
    words: Vec<String>,
    word: String,
}

impl Text {
    /// Adds a character that belongs to a word even when it is white space.
    fn add(&mut self, c: char) {
        self.whole.push(c);
        self.word.push(c);
    }

    /// Adds a character that ends the word when it is white space.
    fn split(&mut self, c: char) {
        self.whole.push(c);
        if !c.is_whitespace() {
            self.word.push(c);
        } else if !self.word.is_empty() {
            self.words.push(take(&mut self.word));
        }
    }

    fn finish(mut self) -> Self {
        if !self.word.is_empty() {
            self.words.push(take(&mut self.word));
        }
        self
    }
}

impl Scan<'_> {
    fn until(&mut self, stop: Option<char>, raw_escapes: bool) -> Result<Text, WordError> {
        let mut text = Text::default();
        while let Some(c) = self.chars.next() {
            match c {
                _ if Some(c) == stop => return Ok(text.finish()),
                '\'' => self.single_quoted()?.chars().for_each(|c| text.add(c)),
                '"' => self
                    .double_quoted(raw_escapes)?
                    .chars()
                    .for_each(|c| text.add(c)),
                '$' => self.dollar()?.chars().for_each(|c| text.split(c)),
                '<' => self.less_than().chars().for_each(|c| text.add(c)),
                '\\' => {
                    if raw_escapes {
                        text.add(c);
                    }
                    self.chars.next().into_iter().for_each(|c| text.add(c));
                }
                _ => text.split(c),
            }
        }
        if stop.is_some() {
            Err(WordError::Syntax)
        } else {
            Ok(text.finish())
        }
    }

    fn single_quoted(&mut self) -> Result<String, WordError> {
        let mut text = self.quote('\'');
        loop {
            match self.chars.next().ok_or(WordError::Syntax)? {
                '\'' => return Ok(text + &self.quote('\'')),
                c => text.push(c),
            }
        }
    }

    fn double_quoted(&mut self, raw_escapes: bool) -> Result<String, WordError> {
        let mut text = self.quote('"');
        loop {
            match self.chars.next().ok_or(WordError::Syntax)? {
                '"' => return Ok(text + &self.quote('"')),
                '$' => text.push_str(&self.dollar()?),
                '\\' => {
                    if raw_escapes {
                        text.push('\\');
                    }
                    let escapable = self.chars.next_if(|c| matches!(c, '"' | '$' | '\\'));
                    text.push(escapable.unwrap_or('\\'));
                }
                c => text.push(c),
            }
        }
    }

    /// The text of `$…`, whose dollar is read already.
    fn dollar(&mut self) -> Result<String, WordError> {
        if self.chars.next_if_eq(&'{').is_none() {
            return Ok(format!("${}", self.name()));
        }
        if matches!(self.chars.peek(), None | Some('{' | '}' | ':')) {
            return Err(WordError::Syntax);
        }
        self.depth += 1;
        if self.depth > MAX_SUBSTITUTION_DEPTH {
            return Err(WordError::TooDeep);
        }
        let name = self.name();
        let text = self.substitution(&name);
        self.depth -= 1;
        text
    }

    fn substitution(&mut self, name: &str) -> Result<String, WordError> {
        let mut operator = String::from(self.chars.next().ok_or(WordError::Syntax)?);
        match operator.as_str() {
            "}" => return Ok(format!("${{{name}}}")),
            "/" => return self.replacement(name),
            ":" => operator.push(self.chars.next().ok_or(WordError::Syntax)?),
            _ => {}
        }
        let pattern = match operator.as_str() {
            "+" | "-" | "?" | ":+" | ":-" | ":?" => false,
            "#" | "%" => true,
            // BuildKit looks at what follows the colon only when the variable is set.
            other if other.starts_with(':') && other != ":#" && other != ":%" => false,
            _ => return Err(WordError::Syntax),
        };
        let word = self.until(Some('}'), pattern)?.whole;
        Ok(format!("${{{name}{operator}{word}}}"))
    }

    fn replacement(&mut self, name: &str) -> Result<String, WordError> {
        let _second_slash_of_replace_all = self.chars.next_if_eq(&'/');
        let pattern = self.until(Some('/'), true)?.whole;
        let replacement = self.until(Some('}'), true)?.whole;
        Ok(format!("${{{name}/{pattern}/{replacement}}}"))
    }

    /// A variable's name: digits, one special character, or letters, digits and underscores.
    fn name(&mut self) -> String {
        let mut name = String::new();
        if self.chars.peek().is_some_and(char::is_ascii_digit) {
            while let Some(c) = self.chars.next_if(char::is_ascii_digit) {
                name.push(c);
            }
        } else if let Some(c) = self.chars.next_if(|c| "@*#?-$!".contains(*c)) {
            name.push(c);
        } else {
            while let Some(c) = self.chars.next_if(|c| c.is_alphanumeric() || *c == '_') {
                name.push(c);
            }
        }
        name
    }

    /// `<`, or `<<` with the blanks that may stand between it and a heredoc's name.
    fn less_than(&mut self) -> String {
        let mut text = String::from('<');
        if self.chars.next_if_eq(&'<').is_some() {
            text.push('<');
            while let Some(c) = self.chars.next_if(|c| matches!(c, ' ' | '\t' | '\r')) {
                text.push(c);
            }
        }
        text
    }

    fn quote(&self, quote: char) -> String {
        if self.raw.quotes {
            String::from(quote)
        } else {
            String::new()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(line: &str) -> Result<Vec<String>, WordError> {
        words(
            line,
            Raw {
                quotes: true,
                escapes: true,
            },
        )
    }

    #[test]
    fn words_are_split_at_white_space_outside_quotes() {
        for (line, expected) in [
            ("RUN cat <<EOF > f", vec!["RUN", "cat", "<<EOF", ">", "f"]),
            ("a <<  EOF", vec!["a", "<<  EOF"]),
            ("a '<< b' \"c d\"", vec!["a", "'<< b'", "\"c d\""]),
            ("a\\ b c", vec!["a\\ b", "c"]),
            ("\"a\\\"b\"", vec!["\"a\\\"b\""]),
            (
                "$a ${b} $1 $? $ $((1<<2))",
                vec!["$a", "${b}", "$1", "$?", "$", "$((1<<2))"],
            ),
            (
                "${a:-b} ${a#b} ${a/b/c} ${a//b/c}",
                vec!["${a:-b}", "${a#b}", "${a/b/c}", "${a/b/c}"],
            ),
            ("a < b <<<c", vec!["a", "<", "b", "<<<c"]),
        ] {
            assert_eq!(raw(line).unwrap(), expected, "{line}");
        }
    }

    #[test]
    fn quotes_and_escapes_can_be_left_out() {
        let read = |line| {
            words(
                line,
                Raw {
                    quotes: false,
                    escapes: false,
                },
            )
            .unwrap()
        };
        assert_eq!(read("'E O'F \"G\\\"\" \\H"), ["E OF", "G\"", "H"]);
    }

    #[test]
    fn what_buildkit_cannot_read_has_no_words() {
        for line in [
            "'a", "\"a", "${", "${}", "${a", "${a,,}", "${:a}", "${{a}}", "${a:#b}", "${a/b}",
        ] {
            assert_eq!(raw(line), Err(WordError::Syntax), "{line}");
        }
    }

    #[test]
    fn deep_substitutions_are_refused() {
        let nested = |depth| format!("{}{}", "${a:-".repeat(depth), "}".repeat(depth));
        assert!(raw(&nested(MAX_SUBSTITUTION_DEPTH)).is_ok());
        assert_eq!(
            raw(&nested(MAX_SUBSTITUTION_DEPTH + 1)),
            Err(WordError::TooDeep)
        );
        assert_eq!(raw(&"${a:-".repeat(100_000)), Err(WordError::TooDeep));
    }
}
