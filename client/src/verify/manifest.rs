//! The JSON documents of a saved image, as far as they are read.

use std::fmt;

use serde::{Deserialize, Deserializer};
use sha2::{Digest as _, Sha256};

/// One image of `manifest.json`, which every `docker save` writes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SavedImage {
    pub(super) config: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) layers: Vec<String>,
}

/// An OCI image index (image-spec `image-index.md`) or image manifest (`manifest.md`): they are
/// told apart by what they hold.
#[derive(Debug, Deserialize)]
pub(super) struct OciDocument {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) manifests: Vec<Descriptor>,
    #[serde(default)]
    pub(super) config: Option<Descriptor>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) layers: Vec<Descriptor>,
}

/// A reference to a blob (image-spec `descriptor.md`).
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Descriptor {
    pub(super) digest: String,
    pub(super) size: u64,
}

/// An image's configuration (image-spec `config.md`).
#[derive(Debug, Default, Deserialize)]
pub(super) struct Config {
    #[serde(default)]
    pub(super) rootfs: RootFs,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) history: Vec<History>,
}

/// The digests of an image's uncompressed layers, the lowest first.
#[derive(Debug, Default, Deserialize)]
pub(super) struct RootFs {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) diff_ids: Vec<String>,
}

/// One entry of an image's history.
#[derive(Debug, Deserialize)]
pub(super) struct History {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) created_by: String,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) empty_layer: bool,
}

/// A SHA-256 digest, written `sha256:` and 64 lower-case digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Digest([u8; 32]);

impl From<Sha256> for Digest {
    fn from(hash: Sha256) -> Self {
        Self(hash.finalize().into())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sha256:")?;
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// Go writes empty lists and texts as `null`.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> Result<T, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}
