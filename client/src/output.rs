//! What goes to the terminal: one line at a time, with nothing in it that a terminal obeys.

use std::{
    borrow::Cow,
    io::{self, IsTerminal as _, Write as _},
};

pub(crate) use keystay_proto::escaped as printable;
use keystay_proto::is_plain_word;

use crate::error::Error;

/// What a command tells beside its errors, on standard error; standard output belongs to the engine.
///
/// A terminal that is gone is no reason to end a build: failures to write are ignored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Output {
    quiet: bool,
}

impl Output {
    /// With `quiet`, only errors and findings are written.
    pub(crate) fn new(quiet: bool) -> Self {
        Self { quiet }
    }

    /// One line of the summary, unless quiet.
    pub(crate) fn line(self, text: &str) {
        if !self.quiet {
            write_line("keystay: ", text);
        }
    }

    /// Something worth knowing before the build, unless quiet.
    pub(crate) fn note(self, text: &str) {
        if !self.quiet {
            write_line("keystay: note: ", text);
        }
    }

    /// Something in an image that is worth a look, unless quiet.
    pub(crate) fn warning(self, text: &str) {
        if !self.quiet {
            write_line("keystay: warning: ", text);
        }
    }
}

/// Key material that was found, a line for each finding.
pub(crate) fn finding(text: &str) {
    write_line("keystay: leak: ", text);
}

/// A problem that is told beside other output, whatever is quiet.
pub(crate) fn problem(text: &str) {
    write_line("keystay: ", text);
}

/// Why a command ends: one line, then what to do about it.
pub(crate) fn error(error: &Error) {
    complaint(&error.to_string(), &error.hints());
}

/// An error line and its hints.
pub(crate) fn complaint<S: AsRef<str>>(message: &str, hints: &[S]) {
    write_line("keystay: error: ", message);
    for hint in hints {
        write_line("hint: ", hint.as_ref());
    }
}

/// Writes text to standard output: as it is to a file or a pipe, line by line and printable to a
/// terminal. A reader that has gone has read enough.
///
/// # Errors
///
/// What the system says, as of a full disk: whoever reads the file would miss it.
pub(crate) fn print(text: &str) -> Result<(), Error> {
    match write(text) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(Error::Print(error)),
        _ => Ok(()),
    }
}

/// Writes a value to standard output as one line of JSON.
///
/// # Errors
///
/// Those of [`print()`].
pub(crate) fn print_json(value: &impl serde::Serialize) -> Result<(), Error> {
    // Serialising plain structs to memory does not fail.
    let line = serde_json::to_string(value).unwrap_or_default();
    print(&(line + "\n"))
}

/// Writes as [`print()`] does, and tells of every failure.
pub(crate) fn write(text: &str) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    if stdout.is_terminal() {
        for line in text.lines() {
            writeln!(stdout, "{}", printable(line))?;
        }
    } else {
        stdout.write_all(text.as_bytes())?;
    }
    stdout.flush()
}

/// Text of the outside as one word of a line: in quotes where it could be taken for more of the line than that.
pub(crate) fn word(text: &str) -> Cow<'_, str> {
    let is_word = is_plain_word(text) && !text.contains(['@', ',', '+']);
    if is_word {
        return Cow::Borrowed(text);
    }
    Cow::Owned(quoted(text))
}

/// The same for a phrase, which may have blanks.
pub(crate) fn phrase(text: &str) -> Cow<'_, str> {
    let is_phrase = !text.contains(['(', ')', '[', ']', ';', '"', '×']) && !text.contains("  ");
    if is_phrase {
        return Cow::Borrowed(text);
    }
    Cow::Owned(quoted(text))
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

fn write_line(prefix: &str, text: &str) {
    // One write, so that lines of the engine do not come between.
    let line = format!("{prefix}{}\n", printable(text));
    let _ = io::stderr().lock().write_all(line.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_text_is_left_alone() {
        assert_eq!(printable("3 × größer …"), "3 × größer …");
    }

    #[test]
    fn what_a_terminal_obeys_is_escaped() {
        assert_eq!(printable("a\u{1b}[2Jb\r\n\tc"), "a\\u{1b}[2Jb\\r\\n\\tc");
        assert_eq!(printable("\u{7f}\u{9b}31m"), "\\u{7f}\\u{9b}31m");
    }

    #[test]
    fn text_that_is_no_word_is_quoted() {
        for (text, shown) in [
            ("github.com:22/acme/lib-a", "github.com:22/acme/lib-a"),
            ("git  build=x", "\"git  build=x\""),
            ("h/a@1a2b3c4, b", "\"h/a@1a2b3c4, b\""),
            ("a\" from \"b", "\"a\\\" from \\\"b\""),
            (
                "h/a\\\"  build=x  \\\"",
                "\"h/a\\\\\\\"  build=x  \\\\\\\"\"",
            ),
            ("", "\"\""),
        ] {
            assert_eq!(word(text), shown);
        }
    }

    #[test]
    fn a_phrase_that_could_end_early_is_quoted() {
        assert_eq!(phrase("sshsig file of a"), "sshsig file of a");
        assert_eq!(phrase("x]  build=evil  [y"), "\"x]  build=evil  [y\"");
        assert_eq!(phrase("h/a); 3 × x"), "\"h/a); 3 × x\"");
    }

    #[test]
    fn text_cannot_be_reordered() {
        assert_eq!(
            printable("x\u{202e}gpj.exe\u{2066}"),
            "x\\u{202e}gpj.exe\\u{2066}"
        );
    }
}
