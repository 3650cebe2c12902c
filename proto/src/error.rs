//! Why bytes are not what they should be.

/// Why bytes could not be decoded. It never holds the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The bytes end before the value does.
    #[error("the message ends too early")]
    Truncated,
    /// There are bytes after the value.
    #[error("{count} bytes too many")]
    TrailingBytes {
        /// How many.
        count: usize,
    },
    /// A string is longer than is accepted.
    #[error("{what} longer than {limit} bytes")]
    TooLong {
        /// What the string is.
        what: &'static str,
        /// The most bytes that are accepted.
        limit: usize,
    },
    /// A list is longer than is accepted.
    #[error("more than {limit} {what}")]
    TooMany {
        /// What is listed.
        what: &'static str,
        /// The most entries that are accepted.
        limit: usize,
    },
    /// A string has a length that its kind never has.
    #[error("{what} of {length} bytes")]
    UnexpectedLength {
        /// What the string is.
        what: &'static str,
        /// Its length, in bytes.
        length: usize,
    },
    /// A number is not one that may stand there.
    #[error("unexpected {what} {number}")]
    UnexpectedNumber {
        /// What the number is.
        what: &'static str,
        /// The number.
        number: u8,
    },
    /// A text is not the one, or one of those, that may stand there.
    #[error("unexpected {what}")]
    UnexpectedText {
        /// What the text is.
        what: &'static str,
    },
    /// A string is not a name as RFC 4251 §6 defines them.
    #[error("{what} is not a name")]
    NotAName {
        /// What the string is.
        what: &'static str,
    },
}
