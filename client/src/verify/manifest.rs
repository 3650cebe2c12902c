//! The JSON documents of a saved image, as far as they are read.

mod spelling;

use std::fmt;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde::{Deserialize, Deserializer};
use sha2::{Digest as _, Sha256};

pub(super) use self::spelling::Document;

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
    #[serde(default)]
    pub(super) manifests: Option<Vec<Descriptor>>,
    #[serde(default)]
    pub(super) config: Option<Descriptor>,
    #[serde(default, deserialize_with = "nullable")]
    pub(super) layers: Vec<Descriptor>,
    /// The image that this one says something about.
    #[serde(default)]
    pub(super) subject: Option<Descriptor>,
}

impl OciDocument {
    /// Whether it is one of the two.
    pub(super) fn is_known(&self) -> bool {
        self.manifests.is_some() || self.config.is_some()
    }
}

/// A reference to a blob (image-spec `descriptor.md`).
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Descriptor {
    #[serde(default, deserialize_with = "nullable")]
    pub(super) media_type: String,
    pub(super) digest: String,
    pub(super) size: u64,
    /// Where else the blob may be.
    #[serde(default, deserialize_with = "nullable")]
    pub(super) urls: Vec<String>,
    /// The blob itself, in base64.
    #[serde(default)]
    pub(super) data: Option<String>,
    #[serde(default)]
    pub(super) platform: Option<Platform>,
}

/// What a manifest of an index is for.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Platform {
    #[serde(default, deserialize_with = "nullable")]
    os: String,
    #[serde(default, deserialize_with = "nullable")]
    architecture: String,
}

impl Descriptor {
    /// The digest, and the platform where one is named; BuildKit's attestations are for `unknown`.
    pub(super) fn name(&self) -> String {
        match &self.platform {
            Some(Platform { os, architecture }) if os != "unknown" => {
                format!("{} ({os}/{architecture})", self.digest)
            }
            _ => self.digest.clone(),
        }
    }

    /// Whether it refers to one of BuildKit's attestations.
    pub(super) fn is_attestation(&self) -> bool {
        let platform = self.platform.as_ref();
        platform.is_some_and(|platform| platform.os == "unknown")
    }

    /// Whether it refers to an index or a manifest. One without a type does in an index.
    pub(super) fn is_document(&self) -> bool {
        let kinds = [
            "image.index",
            "image.manifest",
            "manifest.list",
            "manifest.v",
        ];
        self.media_type.is_empty() || kinds.iter().any(|kind| self.media_type.contains(kind))
    }

    /// Whether it refers to an image's configuration; that of an artifact names no layers.
    pub(super) fn is_image_config(&self) -> bool {
        let kinds = ["image.config", "container.image"];
        self.media_type.is_empty() || kinds.iter().any(|kind| self.media_type.contains(kind))
    }

    /// Whether the blob may be kept where it came from, so that no archive holds it.
    pub(super) fn is_foreign(&self) -> bool {
        let kinds = ["nondistributable", "foreign"];
        !self.urls.is_empty() || kinds.iter().any(|kind| self.media_type.contains(kind))
    }

    /// What the reference itself holds of the blob, if that is well-formed base64.
    pub(super) fn content(&self) -> Option<Vec<u8>> {
        STANDARD.decode(self.data.as_ref()?).ok()
    }
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

/// Whether the text is `sha256:` and 64 lower-case digits.
pub(super) fn is_digest(text: &str) -> bool {
    text.strip_prefix("sha256:").is_some_and(is_hex)
}

/// Whether the text is 64 lower-case hexadecimal digits.
pub(super) fn is_hex(text: &str) -> bool {
    let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == 64 && text.bytes().all(is_digit)
}

/// Go writes empty lists and texts as `null`.
fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> Result<T, D::Error> {
    Option::deserialize(from).map(Option::unwrap_or_default)
}
