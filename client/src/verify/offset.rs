//! Where in something a finding is.

use std::fmt;

/// A byte of what holds a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Offset {
    /// What it is counted in.
    pub of: Whole,
    /// How many bytes are before it.
    pub at: u64,
}

/// What offsets are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Whole {
    /// The content of a file in a layer, or what a stream inside of it decodes to. Of a sparse file, as
    /// it is stored.
    File,
    /// The plain archive of a layer, for what is in no file's content: attributes, names.
    Layer,
    /// The configuration, or another member of the saved image.
    Member,
}

impl Offset {
    /// The first of two.
    pub(super) fn first(one: Option<Self>, other: Option<Self>) -> Option<Self> {
        match (one, other) {
            (Some(one), Some(other)) => Some(one.min(other)),
            (one, other) => one.or(other),
        }
    }
}

impl Whole {
    /// The byte in it that so many are before.
    #[must_use]
    pub fn at(self, at: u64) -> Offset {
        Offset { of: self, at }
    }

    /// Its name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Layer => "layer",
            Self::Member => "member",
        }
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "byte {}", self.at)?;
        match self.of {
            Whole::File => Ok(()),
            Whole::Layer => f.write_str(" of the layer"),
            Whole::Member => f.write_str(" of the document"),
        }
    }
}
