//! Parser directives: `# syntax=…`, `# escape=…` and `# check=…` at the very top.

use super::{ParseError, Span};

/// One parser directive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// Its whole line.
    pub span: Span,
    /// `syntax`, `escape` or `check`.
    pub name: &'static str,
    /// What stands behind the `=`, without white space around it.
    pub value: String,
}

/// Reads directives until the first line that is none; from there on they are comments.
#[derive(Debug, Default)]
pub(super) struct DirectiveReader {
    seen: Vec<&'static str>,
    done: bool,
}

impl DirectiveReader {
    /// The directive on a line, given without white space before it and its line ending.
    pub(super) fn read(
        &mut self,
        line: &str,
        number: usize,
        span: Span,
    ) -> Result<Option<Directive>, ParseError> {
        let Some((name, value)) = (if self.done { None } else { split(line) }) else {
            self.done = true;
            return Ok(None);
        };
        if self.seen.contains(&name) {
            return Err(ParseError::RepeatedDirective { line: number, name });
        }
        self.seen.push(name);
        Ok(Some(Directive {
            span,
            name,
            value: value.to_owned(),
        }))
    }
}

fn split(line: &str) -> Option<(&'static str, &str)> {
    let (name, value) = line.strip_prefix('#')?.trim_start().split_once('=')?;
    let name = name.trim_end_matches(SPACES).to_ascii_lowercase();
    let name = NAMES.into_iter().find(|known| *known == name)?;
    let trimmed = value.trim_matches(SPACES);
    if !trimmed.is_empty() {
        return Some((name, trimmed));
    }
    // A value of blanks alone counts as its last blank.
    value
        .char_indices()
        .next_back()
        .and_then(|(at, _)| Some((name, value.get(at..)?)))
}

const NAMES: [&str; 3] = ["syntax", "escape", "check"];

const SPACES: [char; 5] = ['\t', '\n', '\x0c', '\r', ' '];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn directives_are_read_in_any_case_and_spacing() {
        for (line, expected) in [
            (
                "# syntax=docker/dockerfile:1",
                Some(("syntax", "docker/dockerfile:1")),
            ),
            ("#ESCAPE = ` ", Some(("escape", "`"))),
            (
                "#\u{a0}check=skip=all;error=true",
                Some(("check", "skip=all;error=true")),
            ),
            ("# syntax=  ", Some(("syntax", " "))),
            ("# syntax=", None),
            ("# other=1", None),
            ("# syn tax=1", None),
            ("## syntax=1", None),
            ("syntax=1", None),
            ("# syntax", None),
        ] {
            assert_eq!(split(line), expected, "{line}");
        }
    }

    #[test]
    fn the_first_other_line_ends_them() {
        let mut reader = DirectiveReader::default();
        let mut read = |line| reader.read(line, 1, Span::new(0, 1)).unwrap().is_some();
        assert!(read("# syntax=a"));
        assert!(!read("# a comment"));
        assert!(!read("# escape=`"));
    }
}
