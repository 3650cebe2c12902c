//! Whether everything that the image names was there, and read.

use std::collections::HashSet;

use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use super::{
    gap::Gap,
    inventory::{Content, Inventory, Member},
    manifest::{Config, Descriptor, Digest, OciDocument, SavedImage},
    tape::Standing,
    walk::MOST_MEMBERS,
};

/// One image of a saved image: its configuration and its layers, the lowest first.
#[derive(Debug)]
pub(super) struct Image {
    /// The number of the member that is its configuration.
    pub(super) config_member: usize,
    pub(super) config: Config,
    /// The numbers of the members that are its layers; none where one is missing.
    pub(super) layers: Vec<Option<usize>>,
}

/// What the documents of a saved image name.
#[derive(Debug)]
pub(super) struct Contents {
    pub(super) images: Vec<Image>,
    /// The numbers of all members that a document names, and of the documents.
    pub(super) named: HashSet<usize>,
    /// What was not read of them.
    pub(super) gaps: Vec<Gap>,
}

/// Follows everything that a saved image names.
pub(super) fn account(inventory: &Inventory) -> Contents {
    let mut account = Account {
        inventory,
        images: Vec::new(),
        named: HashSet::new(),
        gaps: Vec::new(),
    };
    account.ending();
    let saved = account.saved_images();
    let indexed = account.index();
    if !saved && !indexed {
        account.gaps.push(Gap::NotAnImage);
    }
    let mut seen = HashSet::new();
    account.gaps.retain(|gap| seen.insert(gap.to_string()));
    Contents {
        images: account.images,
        named: account.named,
        gaps: account.gaps,
    }
}

struct Account<'i> {
    inventory: &'i Inventory,
    images: Vec<Image>,
    named: HashSet<usize>,
    gaps: Vec<Gap>,
}

impl Account<'_> {
    fn ending(&mut self) {
        let inventory = self.inventory;
        if let Some(failure) = &inventory.failure {
            self.gaps.push(Gap::Interrupted(failure.to_string()));
        }
        match inventory.standing {
            Standing::Ended => {}
            Standing::Unfinished => self.gaps.push(Gap::Truncated(inventory.bytes)),
            Standing::Damaged(at) => self.gaps.push(Gap::Damaged(at)),
        }
        if inventory.left_out {
            self.gaps.push(Gap::TooManyMembers(MOST_MEMBERS));
        }
    }

    /// Follows `manifest.json`; says whether there is one.
    fn saved_images(&mut self) -> bool {
        let name = "manifest.json";
        let Some(number) = self.inventory.find(name) else {
            return false;
        };
        for image in self
            .document::<Vec<SavedImage>>(name, number)
            .unwrap_or_default()
        {
            let layers = image.layers.iter().map(|name| self.member(name)).collect();
            let Some(config_member) = self.member(&image.config) else {
                continue;
            };
            self.is_named_by_digest(&image.config, config_member);
            self.image(&image.config, config_member, layers);
        }
        true
    }

    /// Follows `index.json` of an OCI layout; says whether there is one.
    fn index(&mut self) -> bool {
        let name = "index.json";
        let Some(number) = self.inventory.find(name) else {
            return false;
        };
        let mut open = Vec::from_iter(self.oci_document(name, number));
        let mut seen = HashSet::new();
        while let Some(document) = open.pop() {
            let references = document.manifests.iter().flatten();
            for descriptor in references.chain(&document.subject) {
                let blob = self.blob(descriptor);
                let Some(number) = blob.filter(|number| seen.insert(*number)) else {
                    continue;
                };
                if descriptor.is_document() {
                    open.extend(self.oci_document(&descriptor.digest, number));
                } else {
                    self.plain_blob(descriptor, number);
                }
            }
            if let Some(config) = &document.config {
                self.manifest(config, &document.layers);
            }
        }
        true
    }

    fn oci_document(&mut self, name: &str, number: usize) -> Option<OciDocument> {
        let document = self.document::<OciDocument>(name, number)?;
        let is_known = document.manifests.is_some() || document.config.is_some();
        if !is_known {
            self.gaps.push(Gap::UnknownManifest(name.to_owned()));
        }
        is_known.then_some(document)
    }

    /// Follows a manifest: of an image, or of an artifact, whose layers are any blobs.
    fn manifest(&mut self, config: &Descriptor, layers: &[Descriptor]) {
        let found: Vec<_> = layers.iter().map(|layer| self.blob(layer)).collect();
        let number = self.blob(config);
        if config.is_image_config() {
            if let Some(number) = number {
                self.image(&config.digest, number, found);
            }
            return;
        }
        for (layer, number) in layers.iter().zip(found) {
            if let Some(number) = number {
                self.plain_blob(layer, number);
            }
        }
    }

    /// Follows a blob of which nothing else is known than what it begins with.
    fn plain_blob(&mut self, descriptor: &Descriptor, number: usize) {
        let member = self.inventory.members.get(number);
        let gap = member.and_then(|member| gap_of_content(&descriptor.digest, member));
        self.gaps.extend(gap);
    }

    /// Takes up an image, unless another document named it already.
    fn image(&mut self, name: &str, config_member: usize, layers: Vec<Option<usize>>) {
        let known = |image: &Image| image.config_member == config_member && image.layers == layers;
        if self.images.iter().any(known) {
            return;
        }
        let Some(config) = self.document::<Config>(name, config_member) else {
            return;
        };
        let expected = config.rootfs.diff_ids.len();
        if expected != layers.len() {
            let name = name.to_owned();
            self.gaps.push(Gap::LayerCount {
                name,
                expected,
                found: layers.len(),
            });
        }
        for (diff_id, layer) in config.rootfs.diff_ids.iter().zip(&layers) {
            let member = layer.and_then(|number| self.inventory.members.get(number));
            self.gaps
                .extend(member.and_then(|member| gap_of_layer(diff_id, member)));
        }
        self.images.push(Image {
            config_member,
            config,
            layers,
        });
    }

    /// The blob of an OCI layout, if it is there, whole, and has the size and digest it should.
    fn blob(&mut self, descriptor: &Descriptor) -> Option<usize> {
        let held = self.held(descriptor);
        let path = format!("blobs/{}", descriptor.digest.replacen(':', "/", 1));
        let Some(number) = self.inventory.find(&path) else {
            if !held {
                self.gaps.push(missing(descriptor));
            }
            return None;
        };
        self.named.insert(number);
        let member = self.inventory.members.get(number)?;
        if !descriptor.digest.starts_with("sha256:") {
            self.gaps.push(Gap::OtherDigest(descriptor.name()));
            return Some(number);
        }
        if member.entry.size != descriptor.size {
            let (size, expected) = (member.entry.size, descriptor.size);
            self.gaps.push(Gap::WrongSize {
                name: descriptor.digest.clone(),
                size,
                expected,
            });
        }
        self.gaps.extend(gap_of_digest(&descriptor.digest, member));
        Some(number)
    }

    /// Whether the reference itself holds the whole blob so plainly that it was read with it: only
    /// the empty object of image-spec `manifest.md` is taken for that. A reference that holds
    /// something else than the blob is told.
    fn held(&mut self, descriptor: &Descriptor) -> bool {
        if descriptor.data.is_none() {
            return false;
        }
        let content = descriptor.content().unwrap_or_default();
        let digest = Digest::from(Sha256::new_with_prefix(&content)).to_string();
        if digest != descriptor.digest {
            self.gaps.push(Gap::WrongData(descriptor.digest.clone()));
            return false;
        }
        content == b"{}"
    }

    fn member(&mut self, name: &str) -> Option<usize> {
        let number = self.inventory.find(name);
        match number {
            Some(number) => drop(self.named.insert(number)),
            None => self.gaps.push(Gap::Missing(name.to_owned())),
        }
        number
    }

    /// The configuration is named by its digest: `<hex>.json` or `blobs/sha256/<hex>`.
    fn is_named_by_digest(&mut self, name: &str, number: usize) {
        let hex = name.rsplit('/').next().unwrap_or(name);
        let digest = format!("sha256:{}", hex.strip_suffix(".json").unwrap_or(hex));
        let member = self.inventory.members.get(number);
        self.gaps
            .extend(member.and_then(|member| gap_of_digest(&digest, member)));
    }

    fn document<T: DeserializeOwned>(&mut self, name: &str, number: usize) -> Option<T> {
        self.named.insert(number);
        let parsed = match &self.inventory.members.get(number)?.content {
            Content::Json(Some(text)) => serde_json::from_slice(text).ok(),
            Content::Json(None) => {
                self.gaps.push(Gap::TooLong(name.to_owned()));
                return None;
            }
            _ => None,
        };
        if parsed.is_none() {
            self.gaps.push(Gap::NotUnderstood(name.to_owned()));
        }
        parsed
    }
}

fn missing(descriptor: &Descriptor) -> Gap {
    if descriptor.is_foreign() {
        Gap::Foreign(descriptor.digest.clone())
    } else {
        Gap::Missing(descriptor.name())
    }
}

fn gap_of_digest(name: &str, member: &Member) -> Option<Gap> {
    let digest = member.digest.to_string();
    (digest != name).then(|| Gap::WrongDigest {
        name: name.to_owned(),
        digest,
    })
}

/// What keeps a layer from being known to hold exactly what its configuration names.
fn gap_of_layer(diff_id: &str, member: &Member) -> Option<Gap> {
    let unread = gap_of_content(diff_id, member);
    unread.or_else(|| match &member.content {
        Content::Inflated(inflated) => {
            let digest = inflated.digest.to_string();
            (digest != diff_id).then(|| Gap::WrongDigest {
                name: diff_id.to_owned(),
                digest,
            })
        }
        _ => gap_of_digest(diff_id, member),
    })
}

/// What keeps a layer or another blob from being read.
fn gap_of_content(name: &str, member: &Member) -> Option<Gap> {
    let layer = || name.to_owned();
    match &member.content {
        Content::Inflated(inflated) => (!inflated.whole).then(|| Gap::Corrupt(layer())),
        Content::Other => Some(Gap::UnknownFormat(layer())),
        Content::Tar(_) | Content::Json(_) => None,
    }
}
