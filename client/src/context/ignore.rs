//! The patterns of an ignore file, applied in their order.

use std::{io, path::Path};

use super::{PatternError, pattern::Pattern};
use crate::regular;

/// What of a context is not sent.
#[derive(Clone, Debug, Default)]
pub struct Ignore {
    patterns: Vec<Pattern>,
}

/// Why an ignore file cannot be applied.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum IgnoreError {
    /// A pattern that docker refuses.
    #[error(transparent)]
    Pattern(#[from] PatternError),
    /// More than 10,000, each of which every path is held against.
    #[error("there are more than {MAX_PATTERNS} patterns")]
    Many,
    /// It is there and cannot be read.
    #[error("it cannot be read: {0}")]
    Read(#[from] io::Error),
}

/// Which patterns match a folder, so that they need not be tried on what is below it.
#[derive(Clone, Debug, Default)]
pub(super) struct Matched(Vec<bool>);

impl Ignore {
    /// Reads an ignore file; where there is none, nothing is left out.
    ///
    /// # Errors
    ///
    /// [`IgnoreError`]; a file of more than 1 MiB is one that cannot be read.
    pub fn load(path: &Path) -> Result<Self, IgnoreError> {
        match regular::read(path, MAX_FILE) {
            Ok(content) => Self::read(&content),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads the content of an ignore file. Of one that is no text, what is none is replaced.
    ///
    /// # Errors
    ///
    /// [`IgnoreError`].
    pub fn read(content: &[u8]) -> Result<Self, IgnoreError> {
        let content = content.strip_prefix(BYTE_ORDER_MARK).unwrap_or(content);
        let text = String::from_utf8_lossy(content);
        let mut patterns = Vec::new();
        for line in text.lines() {
            let Some(pattern) = Pattern::of_line(line)? else {
                continue;
            };
            if patterns.len() >= MAX_PATTERNS {
                return Err(IgnoreError::Many);
            }
            patterns.push(pattern);
        }
        Ok(Self { patterns })
    }

    /// Whether a path is left out.
    #[must_use]
    pub fn leaves_out(&self, path: &str) -> bool {
        let ends = path.match_indices('/').map(|(end, _)| end);
        let parts = ends.chain([path.len()]).filter_map(|end| path.get(..end));
        let first = (false, Matched::default());
        let (is_ignored, _) = parts.fold(first, |(_, above), part| self.judge(part, &above));
        is_ignored
    }

    /// Whether a path is left out, and what matches below it. `above` is the answer for the folder
    /// it is in.
    ///
    /// A pattern that had no say about a folder (an exception where nothing was left out, or the
    /// other way round) counts as one that does not match it, as in docker.
    pub(super) fn judge(&self, path: &str, above: &Matched) -> (bool, Matched) {
        let mut is_ignored = false;
        let mut matched = Vec::with_capacity(self.patterns.len());
        for (number, pattern) in self.patterns.iter().enumerate() {
            let is_inherited = above.0.get(number).is_some_and(|matched| *matched);
            let has_say = pattern.is_exception == is_ignored;
            let is_match = is_inherited || (has_say && pattern.matches(path));
            if is_match {
                is_ignored = !pattern.is_exception;
            }
            matched.push(is_match);
        }
        (is_ignored, Matched(matched))
    }

    /// Whether nothing below a folder that is left out can be kept.
    pub(super) fn ends_at(&self, folder: &str) -> bool {
        let mut exceptions = self.patterns.iter().filter(|pattern| pattern.is_exception);
        !exceptions.any(|exception| {
            exception
                .plain()
                .is_none_or(|kept| kept == folder || is_below(kept, folder))
        })
    }
}

fn is_below(path: &str, folder: &str) -> bool {
    path.strip_prefix(folder)
        .is_some_and(|rest| rest.starts_with('/'))
}

/// Of an ignore file, in bytes.
const MAX_FILE: u64 = 1024 * 1024;
const MAX_PATTERNS: usize = 10_000;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

#[cfg(test)]
mod tests {
    use super::*;

    fn is_ignored(patterns: &str, path: &str) -> bool {
        let ignore = Ignore::read(patterns.as_bytes()).unwrap();
        ignore.leaves_out(path)
    }

    #[test]
    fn the_last_pattern_that_matches_decides() {
        for (patterns, path, expected) in [
            ("*\n!a", "a", false),
            ("!a\n*", "a", true),
            ("*.key\n!public.key\n", "public.key", false),
            ("*.key\n!public.key\n", "private.key", true),
            ("*.key\n", "a/private.key", false),
            ("**/*.key\n", "a/private.key", true),
            ("a\n", "a/b/c", true),
            ("a\n!a/b\n", "a/b/c", false),
            ("a\n!a/b\na/b/c", "a/b/c", true),
            ("a/*\n!a/b", "a/b", false),
            ("a/*\n!a/b", "a/c", true),
            ("*\n!*/keep", "x/keep", false),
            ("# all\n\n  *  \r\n!a\r\n", "a", false),
            ("\u{feff}a\n", "a", true),
            ("", "a", false),
        ] {
            assert_eq!(is_ignored(patterns, path), expected, "{patterns:?} {path}");
        }
    }

    #[test]
    fn an_exception_without_a_say_about_a_folder_has_none_below_it() {
        // Docker matches "!a" against "a", where nothing is left out, and not against "a/c".
        assert!(is_ignored("a/c\n!a", "a/c"));
    }

    #[test]
    fn a_folder_is_passed_over_where_no_exception_can_reach_it() {
        let ends_at = |patterns: &str, folder: &str| {
            Ignore::read(patterns.as_bytes()).unwrap().ends_at(folder)
        };
        assert!(ends_at("node_modules", "node_modules"));
        assert!(ends_at("*\n!src", "node_modules"));
        assert!(!ends_at("*\n!src/a/b", "src"));
        assert!(!ends_at("*\n!src/a/b", "src/a"));
        assert!(ends_at("*\n!srcs/a", "src"));
        assert!(!ends_at("*\n!**/*.md", "node_modules"));
    }

    #[test]
    fn a_wrong_pattern_is_told() {
        let error = Ignore::read(b"ok\n[\n").unwrap_err();
        assert_eq!(error.to_string(), "the pattern \"[\" is not understood");
    }

    #[test]
    fn more_patterns_than_can_be_held_against_each_path_are_refused() {
        let text = "a\n".repeat(MAX_PATTERNS);
        assert!(Ignore::read(text.as_bytes()).is_ok());
        let error = Ignore::read(format!("{text}b*c\n").as_bytes()).unwrap_err();
        assert_eq!(error.to_string(), "there are more than 10000 patterns");
    }

    #[test]
    fn a_file_that_is_not_there_leaves_nothing_out_and_a_device_is_none() {
        let folder = tempfile::tempdir().unwrap();
        assert!(Ignore::load(&folder.path().join("none")).is_ok());
        let error = Ignore::load(Path::new("/dev/zero")).unwrap_err();
        assert_eq!(
            error.to_string(),
            "it cannot be read: it is no regular file"
        );
    }
}
