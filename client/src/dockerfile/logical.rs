//! Logical lines: what is left of an instruction's first lines when continuations, and the comments
//! and blank lines between them, are taken out.

use super::Span;

/// The joined text of a logical line, and where each piece of it came from.
#[derive(Debug)]
pub(super) struct Logical {
    origin: usize,
    text: String,
    pieces: Vec<Piece>,
}

#[derive(Debug)]
struct Piece {
    at: usize,
    source: usize,
}

impl Logical {
    /// A line without text that begins at byte `origin` of the original.
    pub(super) fn new(origin: usize) -> Self {
        Self {
            origin,
            text: String::new(),
            pieces: Vec::new(),
        }
    }

    /// Adds text that stands at byte `source` of the original.
    pub(super) fn push(&mut self, text: &str, source: usize) {
        if !text.is_empty() {
            self.pieces.push(Piece {
                at: self.text.len(),
                source,
            });
            self.text.push_str(text);
        }
    }

    /// The joined text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Where the bytes from `start` up to `end` of the joined text stand in the original: from the
    /// first to behind the last, with what was taken out between them. For an empty range that is
    /// behind the byte before it.
    pub(super) fn span(&self, start: usize, end: usize) -> Span {
        if start < end {
            return Span::new(self.source(start), self.source(end - 1) + 1);
        }
        let at = start
            .checked_sub(1)
            .map_or_else(|| self.source(0), |last| self.source(last) + 1);
        Span::new(at, at)
    }

    fn source(&self, at: usize) -> usize {
        let behind = self.pieces.partition_point(|piece| piece.at <= at);
        let piece = behind.checked_sub(1).and_then(|last| self.pieces.get(last));
        piece.map_or(self.origin, |piece| piece.source + (at - piece.at))
    }
}

/// The part of a line before its continuation character, or nothing when the line is not continued:
/// an escape character that only blanks follow and that no escape character precedes.
pub(super) fn before_continuation(line: &str, escape: char) -> Option<&str> {
    let before = line.trim_end_matches([' ', '\t']).strip_suffix(escape)?;
    (!before.ends_with(escape)).then_some(before)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_continued_by_a_single_escape_character_and_blanks() {
        for (line, before) in [
            ("RUN a \\", Some("RUN a ")),
            ("RUN a \\ \t ", Some("RUN a ")),
            ("\\", Some("")),
            ("RUN a\\b", None),
            ("RUN a \\\\", None),
            ("RUN a \\\\\\", None),
            ("RUN a \\\u{a0}", None),
            ("", None),
        ] {
            assert_eq!(before_continuation(line, '\\'), before, "{line:?}");
        }
        assert_eq!(before_continuation("RUN a `", '`'), Some("RUN a "));
        assert_eq!(before_continuation("RUN a \\", '`'), None);
    }

    #[test]
    fn spans_reach_over_what_was_taken_out() {
        let mut logical = Logical::new(10);
        logical.push("RUN a", 10);
        logical.push("b c", 20);
        assert_eq!(logical.text(), "RUN ab c");
        assert_eq!(logical.span(4, 6), Span::new(14, 21));
        assert_eq!(logical.span(0, 5), Span::new(10, 15));
        assert_eq!(logical.span(5, 5), Span::new(15, 15));
        assert_eq!(logical.span(0, 0), Span::new(10, 10));
    }
}
