//! Heredocs: `<<NAME` words of `RUN`, `COPY` and `ADD`, and the lines that belong to them.

use super::words::{Raw, WordError, words};
use super::{ParseError, Span};

/// One heredoc of an instruction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heredoc {
    /// Its terminator, quotes and escapes resolved.
    pub name: String,
    /// Whether variables in its body are expanded: no part of the name is quoted.
    pub expand: bool,
    /// Whether tabs at the start of its lines are dropped: `<<-NAME`.
    pub strip_tabs: bool,
    /// The file descriptor before the `<<`; zero when there is none.
    pub descriptor: u64,
    /// Its lines, without the one of the terminator.
    pub body: Span,
}

impl Heredoc {
    /// Whether a line, without its ending, is the terminator.
    pub(super) fn ends_at(&self, line: &str) -> bool {
        let line = if self.strip_tabs {
            line.trim_start_matches('\t')
        } else {
            line
        };
        line == self.name
    }
}

/// The heredocs that a logical line announces; their bodies are still empty, at the start of the
/// text. `number` is the line's number, for errors.
pub(super) fn announced(line: &str, number: usize) -> Result<Vec<Heredoc>, ParseError> {
    if !line.contains("<<") {
        return Ok(Vec::new());
    }
    let words = match words(
        line,
        Raw {
            quotes: true,
            escapes: true,
        },
    ) {
        Ok(words) => words,
        Err(WordError::Syntax) => Vec::new(),
        Err(WordError::TooDeep) => return Err(ParseError::TooDeep { line: number }),
    };
    words
        .iter()
        .filter_map(|word| heredoc(word, number).transpose())
        .collect()
}

fn heredoc(word: &str, line: usize) -> Result<Option<Heredoc>, ParseError> {
    let Some(form) = Form::of(word) else {
        return Ok(None);
    };
    let read = |quotes| {
        words(
            form.name,
            Raw {
                quotes,
                escapes: false,
            },
        )
        .map_err(|_| ParseError::HeredocName { line })
    };
    let (plain, quoted) = (read(false)?, read(true)?);
    let [name] = plain.as_slice() else {
        return Ok(None);
    };
    let [quoted] = quoted.as_slice() else {
        return Err(ParseError::HeredocName { line });
    };
    Ok(Some(Heredoc {
        expand: quotes(name) == quotes(quoted),
        name: name.clone(),
        strip_tabs: form.strip_tabs,
        descriptor: form.descriptor,
        body: Span::new(0, 0),
    }))
}

fn quotes(text: &str) -> usize {
    text.matches(['\'', '"']).count()
}

/// The parts of `3<<-NAME`.
struct Form<'a> {
    descriptor: u64,
    strip_tabs: bool,
    name: &'a str,
}

impl<'a> Form<'a> {
    fn of(word: &'a str) -> Option<Self> {
        let (digits, behind) = word.split_once("<<")?;
        if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let stripped = behind.strip_prefix('-');
        let name = stripped
            .unwrap_or(behind)
            .trim_start_matches(['\t', '\n', '\x0c', '\r', ' ']);
        if name.is_empty() || name.contains('<') {
            return None;
        }
        let descriptor = if digits.is_empty() {
            0
        } else {
            digits.parse().unwrap_or(u64::MAX)
        };
        Some(Self {
            descriptor,
            strip_tabs: stripped.is_some(),
            name,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(line: &str) -> Vec<(String, bool, bool, u64)> {
        let heredocs = announced(line, 1).unwrap();
        heredocs
            .into_iter()
            .map(|h| (h.name, h.expand, h.strip_tabs, h.descriptor))
            .collect()
    }

    #[test]
    fn heredocs_are_found_wherever_they_stand() {
        for (line, expected) in [
            ("RUN <<EOF", vec![("EOF", true, false, 0)]),
            ("RUN <<-EOF", vec![("EOF", true, true, 0)]),
            ("RUN << EOF", vec![("EOF", true, false, 0)]),
            ("RUN <<'EOF'", vec![("EOF", false, false, 0)]),
            ("RUN <<\"E F\"", vec![("E F", false, false, 0)]),
            ("RUN <<E'O'F", vec![("EOF", false, false, 0)]),
            ("RUN <<\\EOF", vec![("EOF", true, false, 0)]),
            ("RUN 3<<EOF cat", vec![("EOF", true, false, 3)]),
            ("RUN cat <<EOF > f", vec![("EOF", true, false, 0)]),
            (
                "COPY <<A <<-B /",
                vec![("A", true, false, 0), ("B", true, true, 0)],
            ),
            ("RUN <<$EOF", vec![("$EOF", true, false, 0)]),
        ] {
            let expected: Vec<_> = expected
                .into_iter()
                .map(|(n, e, s, d)| (n.to_owned(), e, s, d))
                .collect();
            assert_eq!(seen(line), expected, "{line}");
        }
    }

    #[test]
    fn shifts_here_strings_and_quoted_text_are_not_heredocs() {
        for line in [
            "RUN echo $((1<<2))",
            "RUN cat <<<word",
            "RUN echo '<<EOF'",
            "RUN echo \"a <<EOF\"",
            "RUN a<<EOF",
            "RUN <<",
            "RUN <<-",
            "RUN <<''",
            "RUN <<A<B",
            "RUN cat <<EOF 'open",
            "RUN cat <<EOF ${a,,}",
        ] {
            assert_eq!(seen(line), [], "{line}");
        }
    }
}
