//! Changes to a text.

use super::Span;

/// One change: `text` takes the place of the bytes at `span`, which may be empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Splice {
    /// What is replaced.
    pub span: Span,
    /// What comes instead.
    pub text: String,
}

impl Splice {
    /// Puts `text` in at a byte.
    #[must_use]
    pub fn insert(at: usize, text: String) -> Self {
        Self {
            span: Span::new(at, at),
            text,
        }
    }
}

/// Why a change cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no change possible at byte {at}: within a character, behind the end or changed already")]
pub struct SpliceError {
    /// Where.
    pub at: usize,
}

pub(super) fn splice(source: &str, mut splices: Vec<Splice>) -> Result<String, SpliceError> {
    splices.sort_by_key(|splice| splice.span);
    let (mut text, mut done) = (String::with_capacity(source.len()), 0);
    for Splice { span, text: new } in &splices {
        let kept = source
            .get(done..span.start)
            .filter(|_| source.get(span.start..span.end).is_some());
        text.push_str(kept.ok_or(SpliceError { at: span.start })?);
        text.push_str(new);
        done = span.end;
    }
    text.push_str(source.get(done..).unwrap_or_default());
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_stays_as_it_is() {
        let replace = Splice {
            span: Span::new(4, 6),
            text: "X".to_owned(),
        };
        let splices = vec![
            replace,
            Splice::insert(1, "-".to_owned()),
            Splice::insert(7, "!".to_owned()),
        ];
        assert_eq!(splice("abc\u{e9}fg", vec![]).unwrap(), "abc\u{e9}fg");
        assert_eq!(splice("abcdefg", splices).unwrap(), "a-bcdXg!");
    }

    #[test]
    fn changes_that_overlap_or_lie_outside_are_refused() {
        let replace = |start, end| Splice {
            span: Span::new(start, end),
            text: String::new(),
        };
        assert_eq!(
            splice("abc", vec![replace(0, 2), replace(1, 3)]),
            Err(SpliceError { at: 1 })
        );
        assert_eq!(
            splice("abc", vec![replace(4, 4)]),
            Err(SpliceError { at: 4 })
        );
        assert_eq!(
            splice("abc", vec![replace(2, 4)]),
            Err(SpliceError { at: 2 })
        );
        assert_eq!(
            splice("\u{e9}", vec![replace(1, 1)]),
            Err(SpliceError { at: 1 })
        );
    }
}
