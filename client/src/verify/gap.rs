//! What was not read.

use super::decode::Unread;

/// A reason why an image that holds no key as far as it was read is not known to be clean.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Gap {
    /// There is neither a `manifest.json` nor an `index.json`.
    #[error("what was read is not a saved image")]
    NotAnImage,
    /// Its documents name nothing.
    #[error("the saved image names no image")]
    NoImage,
    /// The image names something that is not there.
    #[error("{0} is not in the saved image")]
    Missing(String),
    /// A layer that is not given away with the image.
    #[error("{0} is a layer that is kept elsewhere, and not in the saved image")]
    Foreign(String),
    /// A digest that is not computed here.
    #[error("{0} is named by a digest that is not SHA-256")]
    OtherDigest(String),
    /// What a reference holds of a blob is not that blob.
    #[error("the data beside the name of {0} is something else")]
    WrongData(String),
    /// A document that is neither an index nor a manifest as they are known.
    #[error("{0} is no manifest of a known kind")]
    UnknownManifest(String),
    /// The bytes are not those that the image names.
    #[error("{name} has the digest {digest}")]
    WrongDigest {
        /// What the image names.
        name: String,
        /// The digest of the bytes that were there.
        digest: String,
    },
    /// There are more or fewer bytes than the image says.
    #[error("{name} has {size} bytes instead of {expected}")]
    WrongSize {
        /// What the image names.
        name: String,
        /// How many there were.
        size: u64,
        /// How many it says.
        expected: u64,
    },
    /// A document is not what it should be.
    #[error("{0} cannot be understood")]
    NotUnderstood(String),
    /// Readers of JSON differ in what they take of a document.
    #[error(
        "{document} has {member:?} twice or in another spelling, which readers take differently"
    )]
    Ambiguous {
        /// Which document.
        document: String,
        /// The member, as it should be spelled.
        member: &'static str,
    },
    /// A document is longer than what is read of one.
    #[error("{0} is too long to be understood")]
    TooLong(String),
    /// The numbers of layers in the image's documents differ.
    #[error("{name} names {expected} layers, its manifest {found}")]
    LayerCount {
        /// The configuration.
        name: String,
        /// How many layers it names.
        expected: usize,
        /// How many the manifest names.
        found: usize,
    },
    /// An archive or compressed stream in a file was not read whole.
    #[error("{place}: {why}")]
    Inside {
        /// The layer, and the path of the file with the way to the stream in it; text of the
        /// outside, made printable.
        place: String,
        /// Why.
        why: Unread,
    },
    /// A layer is neither an archive nor a compressed one.
    #[error("layer {0} is in no known format")]
    UnknownFormat(String),
    /// A compressed layer cannot be inflated.
    #[error("layer {0} cannot be inflated to its end")]
    Corrupt(String),
    /// A layer is no archive to its end.
    #[error(
        "layer {0} holds something that readers of archives take differently, or not at all; not all of its files were looked into"
    )]
    Broken(String),
    /// The saved image is an archive with more than all readers find in it.
    #[error(
        "the saved image holds something that readers of archives take differently, or not at all"
    )]
    Odd,
    /// The saved image ends too early.
    #[error("the saved image ends after {0} bytes, before its end mark")]
    Truncated(u64),
    /// The saved image is no archive from some offset on.
    #[error("the saved image is damaged at byte {0}")]
    Damaged(u64),
    /// Its source failed while it was read.
    #[error("the saved image could not be read to its end: {0}")]
    Interrupted(String),
    /// The saved image has more members than are kept account of.
    #[error("the saved image has more than {0} members")]
    TooManyMembers(usize),
    /// Not all bytes reached the search for keys.
    #[error("{searched} of {bytes} bytes were searched")]
    NotSearched {
        /// How many there were.
        bytes: u64,
        /// How many the agent says it looked at.
        searched: u64,
    },
}

impl Gap {
    /// The same without what is of this machine: the file or the socket that it was read from.
    #[must_use]
    pub fn portable(&self) -> String {
        match self {
            Self::Interrupted(_) => "the saved image could not be read to its end".to_owned(),
            gap => gap.to_string(),
        }
    }

    /// The text in it that is of the outside and may hold a key.
    pub(super) fn place_mut(&mut self) -> Option<&mut String> {
        match self {
            Self::Inside { place, .. } => Some(place),
            _ => None,
        }
    }
}
