//! Build stages.

use super::Command;

/// One stage: a `FROM` and the instructions up to the next one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The line of its `FROM`.
    pub line: usize,
    /// What it builds on, as written.
    pub base: String,
    /// Its name in lower case, where it has one.
    pub name: Option<String>,
    /// The value of its `--platform`, as written.
    pub platform: Option<String>,
}

impl Stage {
    pub(super) fn of(from: &Command, line: usize) -> Self {
        let words = from.words();
        let name = match words.as_slice() {
            [_, separator, name] if separator.eq_ignore_ascii_case("as") => {
                Some(name.to_lowercase())
            }
            _ => None,
        };
        let platform = from.flags.iter().find(|flag| flag.name == "platform");
        Self {
            line,
            base: words.first().copied().unwrap_or_default().to_owned(),
            name,
            platform: platform.and_then(|flag| flag.value.clone()),
        }
    }
}
