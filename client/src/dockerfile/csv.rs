//! Comma-separated values on one line, as `--mount`, `--secret` and `--output` hold them.

/// Why a value is not a line of comma-separated values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CsvError {
    /// There is nothing.
    #[error("empty value")]
    Empty,
    /// A quote stands within a field that does not begin with one.
    #[error("quote within an unquoted field")]
    BareQuote,
    /// A quoted field does not end, or something follows its end.
    #[error("quoted field without its end")]
    Quote,
}

/// The fields of a value (RFC 4180 without line breaks, as `BuildKit`'s `csvvalue` reads it): a field
/// that begins with `"` ends at the next one, and `""` within it is a quote.
pub fn fields(value: &str) -> Result<Vec<String>, CsvError> {
    let mut rest = value
        .strip_suffix('\n')
        .map_or(value, |line| line.strip_suffix('\r').unwrap_or(line));
    if rest.is_empty() {
        return Err(CsvError::Empty);
    }
    let mut fields = Vec::new();
    loop {
        let (field, next) = match rest.strip_prefix('"') {
            Some(quoted) => quoted_field(quoted)?,
            None => plain_field(rest)?,
        };
        fields.push(field);
        match next {
            Some(next) => rest = next,
            None => return Ok(fields),
        }
    }
}

type Field<'a> = (String, Option<&'a str>);

fn plain_field(rest: &str) -> Result<Field<'_>, CsvError> {
    let (field, next) = match rest.split_once(',') {
        Some((field, next)) => (field, Some(next)),
        None => (rest, None),
    };
    if field.contains('"') {
        return Err(CsvError::BareQuote);
    }
    Ok((field.to_owned(), next))
}

fn quoted_field(mut rest: &str) -> Result<Field<'_>, CsvError> {
    let mut field = String::new();
    loop {
        let (text, behind) = rest.split_once('"').ok_or(CsvError::Quote)?;
        field.push_str(text);
        if let Some(more) = behind.strip_prefix('"') {
            field.push('"');
            rest = more;
        } else if let Some(next) = behind.strip_prefix(',') {
            return Ok((field, Some(next)));
        } else if behind.is_empty() {
            return Ok((field, None));
        } else {
            return Err(CsvError::Quote);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_split_at_commas_outside_quotes() {
        for (value, expected) in [
            ("type=ssh", vec!["type=ssh"]),
            ("type=ssh,id=a", vec!["type=ssh", "id=a"]),
            ("type=ssh,\"id=a,b\"", vec!["type=ssh", "id=a,b"]),
            ("\"id=a\"\"b\",c", vec!["id=a\"b", "c"]),
            ("\"\"", vec![""]),
            ("a,", vec!["a", ""]),
            (",", vec!["", ""]),
            ("a\r\n", vec!["a"]),
            (" a , b ", vec![" a ", " b "]),
        ] {
            assert_eq!(fields(value).unwrap(), expected, "{value:?}");
        }
    }

    #[test]
    fn stray_quotes_are_refused() {
        assert_eq!(fields(""), Err(CsvError::Empty));
        assert_eq!(fields("\n"), Err(CsvError::Empty));
        assert_eq!(fields("a\"b"), Err(CsvError::BareQuote));
        assert_eq!(fields("\"a"), Err(CsvError::Quote));
        assert_eq!(fields("\"a\"b"), Err(CsvError::Quote));
        assert_eq!(fields("\"a\"\""), Err(CsvError::Quote));
    }
}
