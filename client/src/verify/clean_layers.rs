//! Layers that were found clean before, and need not be searched again.

use std::collections::HashSet;

use super::{
    Cache, Sought,
    account::Image,
    cache::scanner,
    inventory::{Content, Inventory, Member},
    manifest::{is_digest, is_hex},
};

/// The layers that were found clean of some keys by this version of the search, each by its digest.
///
/// One is remembered only where the whole image was found clean: nothing in it was left unread.
#[derive(Clone, Debug)]
pub struct CleanLayers {
    cache: Cache,
    keys: Sought,
    has_ids: bool,
}

/// What a member of a saved image is, if its bytes have the digest that it is named by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CleanLayer {
    /// The digest in its name, which it must turn out to have.
    pub(super) digest: String,
    /// The digest of the plain archive.
    pub(super) diff_id: String,
}

impl CleanLayers {
    /// Those that this cache holds for these keys.
    #[must_use]
    pub fn of(cache: Cache, keys: Sought) -> Self {
        Self {
            cache,
            keys,
            has_ids: false,
        }
    }

    /// The same, also of layers in folders that are named as Docker before 25 does: by an id that it makes of
    /// the digests of the layer and of those below.
    pub(super) fn with_ids(self) -> Self {
        Self {
            has_ids: true,
            ..self
        }
    }

    /// The layer that a member of this name must be, if it was found clean.
    pub(super) fn find(&self, name: &[u8]) -> Option<CleanLayer> {
        let name = self.name(name)?;
        let head = self.head(&name);
        let content = self.cache.read(&head, head.len() + DIGEST).ok()?;
        let diff_id = content.strip_prefix(head.as_bytes())?;
        let diff_id = std::str::from_utf8(diff_id).ok()?.to_owned();
        let digest = match name {
            LayerName::Digest(digest) => digest,
            LayerName::Id(_) => diff_id.clone(),
        };
        is_digest(&diff_id).then_some(CleanLayer { digest, diff_id })
    }

    /// Remembers the layers of an image that is clean, but for those that hold something which is to be
    /// told each time, and all where it is not known which that is in.
    pub(super) fn remember_layers(
        &self,
        inventory: &Inventory,
        images: &[Image],
        with_secrets: &HashSet<Option<usize>>,
    ) {
        if with_secrets.contains(&None) {
            return;
        }
        for (number, member) in members(inventory, images) {
            let diff_id = match &member.content {
                Content::Tar { .. } => member.digest,
                Content::Inflated(inflated) => inflated.digest,
                _ => continue,
            };
            let layer = CleanLayer {
                digest: member.digest.to_string(),
                diff_id: diff_id.to_string(),
            };
            if !with_secrets.contains(&Some(number)) {
                self.remember(&member.entry.name, &layer);
            }
        }
    }

    /// Remembers a clean layer, if the name of the member tells its digest: it could not be known again
    /// otherwise.
    fn remember(&self, name: &[u8], layer: &CleanLayer) {
        let Some(name) = self.name(name) else {
            return;
        };
        let tells = match &name {
            LayerName::Digest(digest) => *digest == layer.digest,
            LayerName::Id(_) => layer.digest == layer.diff_id,
        };
        if tells {
            let head = self.head(&name);
            let content = format!("{head}{}", layer.diff_id);
            // A layer that is not remembered is searched again.
            drop(self.cache.write(&head, content.as_bytes()));
        }
    }

    fn name(&self, name: &[u8]) -> Option<LayerName> {
        let id = || id_in(name).filter(|_| self.has_ids).map(LayerName::Id);
        digest_in(name).map(LayerName::Digest).or_else(id)
    }

    fn head(&self, name: &LayerName) -> String {
        let (LayerName::Digest(name) | LayerName::Id(name)) = name;
        format!("clean layer\n{}\n{name}\n{}", scanner(), self.keys.text())
    }
}

/// What a layer is called by where an image is saved.
enum LayerName {
    /// The digest that its bytes have.
    Digest(String),
    /// `id:` and an id that stands for one plain archive, whose digest only the cache tells.
    Id(String),
}

/// How many layers of the images were found clean before, and have the digest that they had then.
pub(super) fn known_layers(inventory: &Inventory, images: &[Image]) -> usize {
    let members = members(inventory, images);
    let is_known = |member: &Member| match &member.content {
        Content::Clean(layer) => member.digest.to_string() == layer.digest,
        _ => false,
    };
    members.filter(|(_, member)| is_known(member)).count()
}

/// The members that are layers of the images, and their numbers.
fn members<'i>(
    inventory: &'i Inventory,
    images: &'i [Image],
) -> impl Iterator<Item = (usize, &'i Member)> {
    let numbers: HashSet<usize> = images
        .iter()
        .flat_map(|image| image.layers.iter().copied().flatten())
        .collect();
    let members = inventory.members.iter().enumerate();
    members.filter(move |(number, _)| numbers.contains(number))
}

/// The digest that a blob of an OCI layout is named by, `blobs/sha256/<hex>`, and a layer that podman
/// saves, `<hex>.tar`.
fn digest_in(name: &[u8]) -> Option<String> {
    let name = std::str::from_utf8(name).ok()?;
    let stem = name.strip_prefix("blobs/sha256/");
    let hex = stem.or_else(|| name.strip_suffix(".tar"))?;
    is_hex(hex).then(|| format!("sha256:{hex}"))
}

/// The id of a layer that Docker before 25 saves, `<hex>/layer.tar`.
fn id_in(name: &[u8]) -> Option<String> {
    let hex = std::str::from_utf8(name).ok()?.strip_suffix("/layer.tar")?;
    is_hex(hex).then(|| format!("id:{hex}"))
}

/// As long as a digest is.
const DIGEST: usize = 71;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::sought::{sought, sought_with};

    #[test]
    fn a_layer_is_remembered_for_these_keys_only() {
        let folder = tempfile::tempdir().unwrap();
        let layers = |key: &[u8], is_whole| {
            let cache = Cache::at(folder.path().to_owned());
            CleanLayers::of(cache, sought(&[(key, is_whole)]).unwrap())
        };
        let layer = layer("ab", "cd");
        let (blob, tar) = (blob("ab"), format!("{}.tar", "ab".repeat(32)));
        assert_eq!(layers(b"1", true).find(&blob), None);
        layers(b"1", true).remember(&blob, &layer);
        assert_eq!(layers(b"1", true).find(&blob).as_ref(), Some(&layer));
        assert_eq!(layers(b"1", true).find(tar.as_bytes()), Some(layer));
        assert_eq!(layers(b"1", false).find(&blob), None);
        assert_eq!(layers(b"2", true).find(&blob), None);
        let cache = Cache::at(folder.path().to_owned());
        let keys = sought_with("another agent", &[(b"1", true)]).unwrap();
        assert_eq!(CleanLayers::of(cache, keys).find(&blob), None);
    }

    #[test]
    fn only_what_is_named_by_its_digest_is_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().to_owned());
        let layers = CleanLayers::of(cache, sought(&[(b"1", true)]).unwrap());
        layers.remember(&blob("ee"), &layer("ab", "cd"));
        layers.remember(b"0/layer.tar", &layer("ab", "cd"));
        for name in [blob("ee"), blob("ab"), b"0/layer.tar".to_vec()] {
            assert_eq!(layers.find(&name), None);
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn an_entry_that_says_something_else_is_not_there() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().to_owned());
        let layers = CleanLayers::of(cache.clone(), sought(&[(b"1", true)]).unwrap());
        let head = layers.head(&LayerName::Digest(layer("ab", "cd").digest));
        let digest = layer("ab", "cd").diff_id;
        for content in [
            String::new(),
            head.clone(),
            format!("{head}{digest}\n"),
            format!("{head}{}", digest.to_uppercase()),
            format!("x{head}{digest}"),
        ] {
            cache.write(&head, content.as_bytes()).unwrap();
            assert_eq!(layers.find(&blob("ab")), None, "{content:?}");
        }
    }

    #[test]
    fn ids_are_names_only_where_they_are_said_to_be() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache::at(folder.path().to_owned());
        let layers = CleanLayers::of(cache, sought(&[(b"1", true)]).unwrap());
        let with_ids = layers.clone().with_ids();
        let name = format!("{}/layer.tar", "ab".repeat(32)).into_bytes();
        let plain = layer("cd", "cd");
        layers.remember(&name, &plain);
        with_ids.remember(&name, &layer("ee", "cd"));
        assert_eq!(with_ids.find(&name), None);
        with_ids.remember(&name, &plain);
        assert_eq!(with_ids.find(&name), Some(plain));
        assert_eq!(layers.find(&name), None);
        assert_eq!(with_ids.find(&blob("ab")), None);
    }

    fn blob(byte: &str) -> Vec<u8> {
        format!("blobs/sha256/{}", byte.repeat(32)).into_bytes()
    }

    fn layer(digest: &str, diff_id: &str) -> CleanLayer {
        let of = |byte: &str| format!("sha256:{}", byte.repeat(32));
        CleanLayer {
            digest: of(digest),
            diff_id: of(diff_id),
        }
    }
}
