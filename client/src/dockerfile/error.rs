//! What keeps a text from being read.

use super::{MAX_DOCKERFILE, MAX_LINE, MAX_SUBSTITUTION_DEPTH};

/// Why a Dockerfile cannot be read. `BuildKit` refuses each of these too, except for the two caps of
/// ours ([`Self::TooLarge`] and [`Self::TooDeep`]).
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParseError {
    /// The whole text is over [`MAX_DOCKERFILE`].
    #[error("dockerfile of {bytes} bytes is larger than {MAX_DOCKERFILE}")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// A physical line is over [`MAX_LINE`].
    #[error("line {line} is longer than {MAX_LINE} bytes")]
    LineTooLong {
        /// Its number, from 1.
        line: usize,
    },
    /// A parser directive stands there twice.
    #[error("line {line} repeats the parser directive {name}")]
    RepeatedDirective {
        /// The line of the second one.
        line: usize,
        /// The directive's name, in lower case.
        name: &'static str,
    },
    /// The escape directive names something other than a backslash or a backtick.
    #[error("line {line} sets an escape character that is neither \\ nor `")]
    EscapeCharacter {
        /// The directive's line.
        line: usize,
    },
    /// The end of the text comes before a heredoc's terminator.
    #[error("the heredoc {name:?} of line {line} has no end")]
    UnterminatedHeredoc {
        /// The line its instruction begins on.
        line: usize,
        /// Its terminator.
        name: String,
    },
    /// A heredoc's name cannot be read as a word of the shell.
    #[error("line {line} has a heredoc whose name cannot be read")]
    HeredocName {
        /// The line its instruction begins on.
        line: usize,
    },
    /// Variable substitutions nest deeper than [`MAX_SUBSTITUTION_DEPTH`].
    #[error("line {line} nests substitutions deeper than {MAX_SUBSTITUTION_DEPTH}")]
    TooDeep {
        /// The line the instruction begins on.
        line: usize,
    },
}
