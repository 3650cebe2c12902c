//! Which value of a JSON text an offset belongs to.

/// One step from a JSON value to a value inside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// To a member of an object.
    Member(String),
    /// To an element of an array, counted from 0.
    Element(usize),
}

/// The steps from the whole text to the innermost value at this offset; for the name of a member,
/// to the object. Of a text that is not JSON, as far as it could be followed.
pub(super) fn at(text: &[u8], offset: usize) -> Vec<Step> {
    let mut open = Vec::new();
    let mut here = 0;
    while here <= offset
        && let Some(byte) = text.get(here)
    {
        let end = if *byte == b'"' {
            end_of_string(text, here)
        } else {
            here + 1
        };
        let is_name = *byte == b'"' && names_a_member(&open);
        if offset < end && is_name {
            open.pop();
        }
        if offset < end {
            break;
        }
        if is_name {
            let name = text
                .get(here..end)
                .and_then(|name| serde_json::from_slice(name).ok());
            open.pop();
            open.push(Some(Step::Member(name.unwrap_or_default())));
        } else {
            follow(*byte, &mut open);
        }
        if open.len() > DEEPEST {
            break;
        }
        here = end;
    }
    open.into_iter().flatten().collect()
}

/// Changes the open objects and arrays as a byte outside of strings does. An object stands there as
/// the member that was named last, or as nothing while none is.
fn follow(byte: u8, open: &mut Vec<Option<Step>>) {
    match (byte, open.last_mut()) {
        (b'{', _) => open.push(None),
        (b'[', _) => open.push(Some(Step::Element(0))),
        (b'}' | b']', _) => drop(open.pop()),
        (b',', Some(Some(Step::Element(number)))) => *number += 1,
        (b',', Some(step)) => *step = None,
        _ => {}
    }
}

fn names_a_member(open: &[Option<Step>]) -> bool {
    matches!(open.last(), Some(None))
}

fn end_of_string(text: &[u8], begin: usize) -> usize {
    let mut here = begin + 1;
    loop {
        match text.get(here) {
            Some(b'\\') => here += 2,
            Some(b'"') => return here + 1,
            Some(_) => here += 1,
            None => return here,
        }
    }
}

/// As deep as `serde_json` follows.
const DEEPEST: usize = 128;

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"{"config": {"Env": ["A=1", "B=\"{2]"], "Labels": {"la,bel": "value"}},
        "history": [{"created_by": "x"}, {"created_by": "RUN echo key", "n": 12}]}"#;

    #[test]
    fn an_offset_is_told_by_its_path() {
        assert_eq!(path_of("B="), "config.Env.1");
        assert_eq!(path_of("{2]"), "config.Env.1");
        assert_eq!(path_of("value"), "config.Labels.la,bel");
        assert_eq!(path_of("echo"), "history.1.created_by");
        assert_eq!(path_of("12"), "history.1.n");
        assert_eq!(path_of("la,bel"), "config.Labels");
        assert_eq!(path_of("history"), "");
    }

    #[test]
    fn hostile_text_ends_somewhere() {
        assert_eq!(at(&vec![b'['; 100_000], 99_999).len(), DEEPEST + 1);
        assert_eq!(at(b"]}]}", 3), []);
        assert_eq!(at(b"{\"a\\", 3), []);
        assert_eq!(at(b"{}", 900), []);
    }

    fn path_of(part: &str) -> String {
        let steps = at(TEXT.as_bytes(), TEXT.find(part).unwrap());
        let names = steps.into_iter().map(|step| match step {
            Step::Member(name) => name,
            Step::Element(number) => number.to_string(),
        });
        names.collect::<Vec<_>>().join(".")
    }
}
