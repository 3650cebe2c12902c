//! A keyword with its flags and arguments: an instruction, or what an `ONBUILD` triggers.

use super::flag::flag_words;
use super::logical::Logical;
use super::{Flag, Keyword, Mount, Span};

/// A keyword with its flags and arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What it does.
    pub keyword: Keyword,
    /// Where the keyword stands.
    pub keyword_span: Span,
    /// Its flags in order.
    pub flags: Vec<Flag>,
    /// Everything behind the flags, continuations joined, white space around it dropped.
    pub arguments: String,
    /// Where the arguments stand; empty when there are none.
    pub arguments_span: Span,
    /// The arguments as a JSON array of strings (the exec form), where the keyword allows one and
    /// they are one.
    pub json: Option<Vec<String>>,
}

impl Command {
    /// Reads the bytes from `start` up to `end` of a logical line.
    pub(super) fn read(logical: &Logical, start: usize, end: usize, escape: char) -> Self {
        let text = logical.text().get(..end).unwrap_or_default();
        let (start, end) = trimmed(text, start);
        let text = text.get(..end).unwrap_or_default();
        let behind = |at: usize| text.get(at..).unwrap_or_default();

        let keyword_end = behind(start)
            .find(BLANKS)
            .map_or(end, |length| start + length);
        let keyword = text.get(start..keyword_end).unwrap_or_default();
        let flags_start = end - behind(keyword_end).trim_start_matches(BLANKS).len();
        let (words, flags_end) = flag_words(text.as_bytes(), flags_start, escape);
        let (arguments_start, end) = trimmed(text, flags_end);

        let mut command = Self {
            keyword: Keyword::of(keyword),
            keyword_span: logical.span(start, keyword_end),
            flags: Vec::new(),
            arguments: behind(arguments_start).to_owned(),
            arguments_span: logical.span(arguments_start, end),
            json: None,
        };
        for word in words {
            let span = logical.span(word.start, word.end);
            command.flags.push(word.into_flag(span));
        }
        if command.keyword.takes_json() && command.arguments.starts_with('[') {
            command.json = serde_json::from_str(&command.arguments).ok();
        }
        command
    }

    /// The mounts of a `RUN`, in order. Those that are not comma-separated values are left out: the
    /// engine refuses the file.
    pub fn mounts(&self) -> impl Iterator<Item = Mount> + '_ {
        let flags = self.flags.iter().filter(|_| self.keyword == Keyword::Run);
        flags
            .filter(|flag| flag.name == "mount")
            .filter_map(Mount::of)
    }

    /// The arguments as words: the strings of a JSON array, else what white space separates.
    pub fn words(&self) -> Vec<&str> {
        match &self.json {
            Some(words) => words.iter().map(String::as_str).collect(),
            None => self
                .arguments
                .split(BLANKS)
                .filter(|word| !word.is_empty())
                .collect(),
        }
    }

    /// Where one more flag can be put, with a blank before it: behind the last one, else behind the
    /// keyword.
    #[must_use]
    pub fn flags_end(&self) -> usize {
        self.flags
            .last()
            .map_or(self.keyword_span.end, |flag| flag.span.end)
    }

    /// Whether heredocs may follow its line.
    pub(super) fn takes_heredocs(&self) -> bool {
        self.keyword.takes_heredocs() && self.json.is_none()
    }
}

/// The bytes of `text` from `start` on without white space around them. `start` may stand within a
/// character: `BuildKit` ends flags at single bytes.
fn trimmed(text: &str, start: usize) -> (usize, usize) {
    let start = (start..=text.len())
        .find(|at| text.is_char_boundary(*at))
        .unwrap_or(text.len());
    let rest = text.get(start..).unwrap_or_default();
    let start = text.len() - rest.trim_start().len();
    (start, start + rest.trim().len())
}

/// What separates the words of an instruction.
const BLANKS: [char; 5] = ['\t', '\x0b', '\x0c', '\r', ' '];
