//! What would run, for `--dry-run`.

use std::{borrow::Cow, ffi::OsString, os::unix::ffi::OsStrExt as _};

/// The wired command as a shell takes it, then the wired Dockerfile where there is one.
pub(super) fn text(line: &[OsString], dockerfile: Option<&str>) -> String {
    let words: Vec<_> = line.iter().map(quoted).collect();
    let command = words.join(" ");
    match dockerfile {
        Some(dockerfile) => format!("{command}\n\n{dockerfile}"),
        None => format!("{command}\n"),
    }
}

/// A word that a POSIX shell reads as it is.
fn quoted(word: &OsString) -> Cow<'_, str> {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_./:=,@%+".contains(byte);
    let text = word.to_string_lossy();
    if !word.is_empty() && word.as_bytes().iter().all(is_plain) {
        return text;
    }
    Cow::Owned(format!("'{}'", text.replace('\'', r"'\''")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_quoted_where_a_shell_needs_it() {
        let line = [
            "docker", "build", "--label", "it's a", "", "$HOME", "-t", "a/b:c", ".",
        ];
        assert_eq!(
            text(&line.map(OsString::from), None),
            "docker build --label 'it'\\''s a' '' '$HOME' -t a/b:c .\n"
        );
    }

    #[test]
    fn the_dockerfile_follows_the_command() {
        let line = ["docker", "build", "."].map(OsString::from);
        assert_eq!(
            text(&line, Some("FROM scratch\n")),
            "docker build .\n\nFROM scratch\n"
        );
    }
}
