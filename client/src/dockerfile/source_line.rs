//! Physical lines.

use super::{MAX_LINE, ParseError, Span};

/// One physical line of the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct SourceLine<'a> {
    /// Its number, from 1.
    pub(super) number: usize,
    /// Where it stands, its line ending included.
    pub(super) span: Span,
    /// Its text without line feeds and carriage returns at the end.
    pub(super) text: &'a str,
}

impl SourceLine<'_> {
    /// Whether the first thing on the line is a `#`.
    pub(super) fn is_comment(&self) -> bool {
        self.text.trim_start().starts_with('#')
    }

    /// Whether there is only white space on the line.
    pub(super) fn is_blank(&self) -> bool {
        self.text.trim_start().is_empty()
    }
}

/// Splits the text from byte `start` on into lines.
pub(super) fn source_lines(source: &str, start: usize) -> Result<Vec<SourceLine<'_>>, ParseError> {
    let mut at = start;
    let text = source.get(start..).unwrap_or_default();
    text.split_inclusive('\n')
        .zip(1..)
        .map(|(whole, number)| {
            if whole.strip_suffix('\n').unwrap_or(whole).len() > MAX_LINE {
                return Err(ParseError::LineTooLong { line: number });
            }
            let span = Span::new(at, at + whole.len());
            at = span.end;
            Ok(SourceLine {
                number,
                span,
                text: whole.trim_end_matches(['\r', '\n']),
            })
        })
        .collect()
}
