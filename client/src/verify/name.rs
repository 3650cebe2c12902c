//! The digests that an image goes by.

use serde::Serialize;

/// A digest by which an image can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// `sha256:` and 64 digits, computed from the bytes that were read.
    pub digest: String,
    /// Of what.
    pub kind: NameKind,
}

/// What an image's digest is computed of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum NameKind {
    /// An index: of several platforms, or with attestations.
    Index,
    /// A manifest of one platform.
    Manifest,
    /// A configuration: what docker's classic store and podman call the image's id.
    Configuration,
}
