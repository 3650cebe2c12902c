//! What was not read of the inside of a file, and why.

use super::Label;

/// A stream that was not read whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::verify) struct NotRead {
    /// Which.
    pub(in crate::verify) label: Label,
    /// Why.
    pub(in crate::verify) why: Unread,
}

/// Why a stream inside a file was not read whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Unread {
    /// It is encrypted.
    #[error("it is encrypted")]
    Encrypted,
    /// It is in a format that is not decoded.
    #[error("{0} is not decoded")]
    Unsupported(&'static str),
    /// It is inside of as many others as are decoded.
    #[error("it is more than {0} streams deep")]
    TooDeep(usize),
    /// It decodes to many times its length.
    #[error("it decodes to more than {0} times its length")]
    Bomb(u64),
    /// As much was tried of what is no stream as is of one image.
    #[error("too much of the image begins as compressed streams do and is none")]
    Lookalikes,
    /// As much was decoded as is of one layer, or of one image.
    #[error("more than {0} bytes were decoded before it")]
    Budget(u64),
    /// Its decoder would have to keep more than it may.
    #[error("it cannot be decoded with {0} bytes of memory")]
    Memory(u64),
    /// It cannot be decoded to its end.
    #[error("the {0} stream breaks off")]
    Broken(&'static str),
}
