//! One pattern of an ignore file.

use regex::{Regex, RegexBuilder};

/// A pattern that docker refuses.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the pattern {pattern:?} is not understood")]
pub struct PatternError {
    /// The line as it stands.
    pub pattern: String,
}

/// A pattern for paths below the context, which have no slash at either end.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// Whether what it matches is kept (`!`).
    pub(super) is_exception: bool,
    text: String,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Exact,
    /// What begins with the text up to its last two characters, `**`.
    Prefix,
    /// What ends with the text behind its first two characters.
    Suffix,
    Expression(Box<Regex>),
}

impl Pattern {
    /// The pattern of a line; nothing for an empty line or a comment.
    pub(super) fn of_line(line: &str) -> Result<Option<Self>, PatternError> {
        if line.starts_with('#') || line.trim().is_empty() {
            return Ok(None);
        }
        let refused = || PatternError {
            pattern: line.trim().to_owned(),
        };
        let (is_exception, text) = normal(line.trim());
        let form = match text.as_str() {
            "" => None,
            text => form(text),
        };
        Ok(Some(Self {
            is_exception,
            form: form.ok_or_else(refused)?,
            text,
        }))
    }

    /// Whether the path itself matches.
    pub(super) fn matches(&self, path: &str) -> bool {
        let text = self.text.as_str();
        match &self.form {
            Form::Exact => path == text,
            Form::Prefix => text
                .strip_suffix("**")
                .is_some_and(|text| path.starts_with(text)),
            Form::Suffix => text.strip_prefix("**").is_some_and(|text| {
                path.ends_with(text) || text.strip_prefix('/').is_some_and(|text| path == text)
            }),
            Form::Expression(expression) => expression.is_match(path),
        }
    }

    /// The folder or file that it names with everything below; nothing where it has other wild cards
    /// than at its end.
    pub(super) fn plain(&self) -> Option<&str> {
        let text = self.text.as_str();
        let text = text.strip_suffix("/**").unwrap_or(text);
        let text = text.strip_suffix("/*").unwrap_or(text);
        (!text.contains(['*', '[', ']', '?', '^', '\\'])).then_some(text)
    }
}

/// Whether the line is an exception, and its path in the shortest form.
fn normal(line: &str) -> (bool, String) {
    let (is_exception, path) = match line.strip_prefix('!') {
        Some(rest) => (true, rest.trim()),
        None => (false, line),
    };
    let path = if path.is_empty() {
        String::new()
    } else {
        clean(path)
    };
    let path = match path.strip_prefix('/') {
        Some(rest) if !rest.is_empty() => rest.to_owned(),
        _ => path,
    };
    // What was hidden by a `./` before it counts now.
    match path.strip_prefix('!') {
        Some(rest) if !is_exception => (true, rest.to_owned()),
        _ => (is_exception, path),
    }
}

/// The path without empty elements, `.`, and `..` behind a name; `.` for what is left empty.
fn clean(path: &str) -> String {
    let is_rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match (part, parts.last()) {
            ("" | ".", _) => {}
            ("..", Some(&last)) if last != ".." => drop(parts.pop()),
            ("..", None) if is_rooted => {}
            (part, _) => parts.push(part),
        }
    }
    match (is_rooted, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

/// How the text is compared; nothing if it is none that docker takes.
fn form(text: &str) -> Option<Form> {
    let mut expression = Expression::default();
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        let is_first = expression.text.is_empty();
        match character {
            '*' if rest.next_if_eq(&'*').is_some() => {
                rest.next_if_eq(&'/');
                expression.any_folders(is_first, rest.peek().is_none());
            }
            '*' => expression.wild("[^/]*"),
            '?' => expression.wild("[^/]"),
            '\\' => {
                expression.literal(rest.next()?);
                expression.kind = Kind::Expression;
            }
            '[' => expression.class(&mut rest)?,
            other => expression.literal(other),
        }
    }
    expression.form()
}

/// What a pattern is while it is read.
#[derive(Default)]
struct Expression {
    text: String,
    kind: Kind,
}

#[derive(Default, PartialEq, Eq)]
enum Kind {
    #[default]
    Exact,
    Prefix,
    Suffix,
    Expression,
}

impl Expression {
    fn literal(&mut self, character: char) {
        let mut buffer = [0; 4];
        self.text
            .push_str(&regex::escape(character.encode_utf8(&mut buffer)));
    }

    fn wild(&mut self, expression: &str) {
        self.text.push_str(expression);
        self.kind = Kind::Expression;
    }

    /// Two asterisks: alone at an end of a plain text they need no expression.
    fn any_folders(&mut self, is_first: bool, is_last: bool) {
        match (is_last, &self.kind) {
            (true, Kind::Exact) => self.kind = Kind::Prefix,
            (true, _) => self.wild(".*"),
            (false, _) => self.wild("(.*/)?"),
        }
        if is_first {
            self.kind = Kind::Suffix;
        }
    }

    /// The characters between square brackets: single ones and ranges, `^` before all others.
    fn class(&mut self, rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<()> {
        self.wild("[");
        if rest.next_if_eq(&'^').is_some() {
            self.text.push('^');
        }
        let mut count = 0;
        while count == 0 || rest.next_if_eq(&']').is_none() {
            count += 1;
            let low = one(rest)?;
            let high = match rest.next_if_eq(&'-') {
                Some(_) => one(rest)?,
                None => low,
            };
            if low > high {
                return None;
            }
            let (low, high) = (u32::from(low), u32::from(high));
            let range = format!("\\x{{{low:x}}}-\\x{{{high:x}}}");
            self.text.push_str(&range);
        }
        self.text.push(']');
        Some(())
    }

    fn form(self) -> Option<Form> {
        Some(match self.kind {
            Kind::Exact => Form::Exact,
            Kind::Prefix => Form::Prefix,
            Kind::Suffix => Form::Suffix,
            Kind::Expression => {
                let expression = RegexBuilder::new(&format!("^{}$", self.text))
                    .size_limit(LARGEST)
                    .build();
                Form::Expression(Box::new(expression.ok()?))
            }
        })
    }
}

/// One character of a class. An asterisk or question mark there means something else in each version
/// of docker, and is refused.
fn one(rest: &mut std::iter::Peekable<std::str::Chars<'_>>) -> Option<char> {
    match rest.next()? {
        '-' | ']' | '*' | '?' => None,
        '\\' => rest.next(),
        other => Some(other),
    }
}

/// What an expression may take, in bytes.
const LARGEST: usize = 1 << 20;

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(line: &str) -> Pattern {
        Pattern::of_line(line).unwrap().unwrap()
    }

    #[test]
    fn patterns_match_what_docker_s_match() {
        // Of docker's own table, and beside it.
        for (line, path, expected) in [
            ("**", "file", true),
            ("**", "dir/file", true),
            ("**/", "dir/file", true),
            ("**/**", "dir/file", true),
            ("dir/**", "dir/file", true),
            ("dir/**", "dir/dir2/file", true),
            ("**/dir2/*", "dir/dir2/file", true),
            ("**/dir2/*", "dir/dir2/dir2/file", true),
            ("**/dir2/**", "dir/dir2/dir2/file", true),
            ("**file", "file", true),
            ("**file", "dir/file", true),
            ("**/file", "dir/file", true),
            ("**/file", "file", true),
            ("**/file", "dirfile", false),
            ("**file", "xfile", true),
            ("**file*", "xfile", false),
            ("**/file*", "dir/file.txt", true),
            ("**/file*txt", "dir/dir/file.txt", true),
            ("a**/*.txt", "a/file.txt", true),
            ("a**/*.txt", "a/dir/dir/file.txt", true),
            ("a[b-d]e", "ae", false),
            ("a[b-d]e", "ace", true),
            ("a[^b-d]e", "aze", true),
            ("a[^b-d]e", "ace", false),
            (".*", ".foo", true),
            (".*", "foo", false),
            ("abc.def", "abcdef", false),
            ("abc.def", "abc.def", true),
            ("abc?def", "abcZdef", true),
            ("abc?def", "abc/def", false),
            ("a\\*b", "a*b", true),
            ("a\\*b", "axb", false),
            ("*", "a/b", false),
            ("a/", "a", true),
            ("/a/./b/../c", "a/c", true),
            ("./a", "a", true),
            ("(a+b|c)$", "(a+b|c)$", true),
            ("x?.key", "xé.key", true),
            ("  spaced  ", "spaced", true),
        ] {
            assert_eq!(pattern(line).matches(path), expected, "{line} {path}");
        }
    }

    #[test]
    fn exceptions_are_told_from_patterns() {
        for (line, is_exception) in [("!a", true), ("! a ", true), ("a", false), ("./!a", true)] {
            let pattern = pattern(line);
            assert_eq!(pattern.is_exception, is_exception, "{line}");
            assert!(pattern.matches("a"), "{line}");
        }
        assert!(!pattern("\\!a").is_exception);
        assert!(pattern("!/a/../b").matches("b"));
    }

    #[test]
    fn comments_and_empty_lines_are_no_patterns() {
        for line in ["", "   ", "# a", "#"] {
            assert!(Pattern::of_line(line).unwrap().is_none(), "{line:?}");
        }
        assert!(pattern(" # a").matches("# a"));
    }

    #[test]
    fn what_docker_refuses_is_refused() {
        for line in [
            "!", "a[", "a[]b", "a[b", "[z-a]", "a\\", "[-a]", "[a-]", "[*]",
        ] {
            assert_eq!(
                Pattern::of_line(line).unwrap_err().to_string(),
                format!("the pattern {line:?} is not understood")
            );
        }
    }

    #[test]
    fn what_an_exception_names_is_known_where_it_is_plain() {
        for (line, plain) in [
            ("!a/b", Some("a/b")),
            ("!a/**", Some("a")),
            ("!a/*", Some("a")),
            ("!**/a", None),
            ("!a?", None),
        ] {
            assert_eq!(pattern(line).plain(), plain, "{line}");
        }
    }
}
