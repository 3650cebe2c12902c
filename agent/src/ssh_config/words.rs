//! The words of a line.

/// The keyword of a line, in lower case, and what follows it; nothing for a blank line and a comment.
///
/// A keyword is followed by blanks or by one `=` with optional blanks around it.
pub(super) fn keyword(line: &str) -> Option<(String, &str)> {
    let line = line.trim_matches(is_blank);
    if line.is_empty() || line.starts_with('#') {
        return None;
    }
    let end = line.find(|c| is_blank(c) || matches!(c, '=' | '"'));
    let (keyword, rest) = line.split_at(end.unwrap_or(line.len()));
    let rest = rest.trim_start_matches(is_blank);
    let rest = rest.strip_prefix('=').unwrap_or(rest);
    Some((
        keyword.to_ascii_lowercase(),
        rest.trim_start_matches(is_blank),
    ))
}

/// The words of a value: quoted ones may hold blanks, and a word that begins with `#` is a comment.
/// Nothing where a quote is not closed.
pub(super) fn words(text: &str) -> Option<Vec<String>> {
    let (mut words, mut rest) = (Vec::new(), text.trim_start_matches(is_blank));
    while !rest.is_empty() && !rest.starts_with('#') {
        let (word, after) = word(rest)?;
        words.push(word);
        rest = after.trim_start_matches(is_blank);
    }
    Some(words)
}

fn word(text: &str) -> Option<(String, &str)> {
    let (mut word, mut quote) = (String::new(), None);
    let mut characters = text.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        match (quote, character) {
            (_, '\\') => match characters.next_if(|(_, next)| escapes(quote, *next)) {
                Some((_, escaped)) => word.push(escaped),
                None => word.push('\\'),
            },
            (Some(open), close) if open == close => quote = None,
            (None, '"' | '\'') => quote = Some(character),
            (None, blank) if is_blank(blank) => return Some((word, text.get(at..)?)),
            (_, other) => word.push(other),
        }
    }
    quote.is_none().then_some((word, ""))
}

fn escapes(quote: Option<char>, next: char) -> bool {
    matches!(next, '\'' | '"' | '\\') || (quote.is_none() && next == ' ')
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\r' | '\x0c')
}
