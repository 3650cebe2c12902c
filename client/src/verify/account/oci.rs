//! What the index of an OCI layout names (image-spec `image-layout.md`, `image-index.md`).

use std::collections::HashSet;

use sha2::{Digest as _, Sha256};

use super::{Account, gap_of_content, gap_of_digest};
use crate::verify::{
    gap::Gap,
    inventory::Content,
    manifest::{Descriptor, Digest, Document as _, OciDocument},
    name::NameKind,
};

impl Account<'_> {
    /// Follows `index.json` of an OCI layout; says whether there is one.
    pub(super) fn index(&mut self) -> bool {
        let name = "index.json";
        let Some(number) = self.inventory.find(name) else {
            return false;
        };
        let mut open = Vec::from_iter(self.oci_document(name, number));
        let mut seen = HashSet::new();
        let mut roots = None;
        while let Some(document) = open.pop() {
            let references = document.manifests.iter().flatten();
            for descriptor in references.chain(&document.subject) {
                let blob = self.blob(descriptor);
                let Some(number) = blob.filter(|number| seen.insert(*number)) else {
                    continue;
                };
                if descriptor.is_document() || self.may_be_document(number) {
                    let document = self.oci_document(&descriptor.digest, number);
                    if let Some(kind) = document.as_ref().and_then(|it| kind(descriptor, it)) {
                        self.name(number, kind);
                    }
                    open.extend(document);
                } else {
                    self.plain_blob(descriptor, number);
                }
            }
            roots.get_or_insert_with(|| seen.clone());
            if let Some(config) = &document.config {
                self.manifests += 1;
                self.manifest(config, &document.layers);
            }
        }
        self.roots = roots;
        true
    }

    fn oci_document(&mut self, name: &str, number: usize) -> Option<OciDocument> {
        let document = self.document::<OciDocument>(name, number)?;
        let is_known = document.is_known();
        if !is_known {
            self.gaps.push(Gap::UnknownManifest(name.to_owned()));
        }
        is_known.then_some(document)
    }

    /// Whether a blob that an index names reads as an index or a manifest, whatever type it is said to have.
    fn may_be_document(&self, number: usize) -> bool {
        let member = self.inventory.members.get(number);
        match member.map(|member| &member.content) {
            Some(Content::Json(Some(text))) => {
                serde_json::from_slice(text).is_ok_and(|it: OciDocument| it.is_known())
                    || OciDocument::doubtful(text).is_some()
            }
            Some(Content::Json(None)) => true,
            _ => false,
        }
    }

    /// Follows a manifest: of an image, or of an artifact, whose layers are any blobs.
    fn manifest(&mut self, config: &Descriptor, layers: &[Descriptor]) {
        let found: Vec<_> = layers.iter().map(|layer| self.blob(layer)).collect();
        let number = self.blob(config);
        if config.is_image_config() {
            if let Some(number) = number {
                self.indexed.insert(number);
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
}

/// What an image's document is; nothing for attestations and other artifacts.
fn kind(descriptor: &Descriptor, document: &OciDocument) -> Option<NameKind> {
    match &document.config {
        _ if document.manifests.is_some() => Some(NameKind::Index),
        Some(config) if config.is_image_config() && !descriptor.is_attestation() => {
            Some(NameKind::Manifest)
        }
        _ => None,
    }
}

fn missing(descriptor: &Descriptor) -> Gap {
    if descriptor.is_foreign() {
        Gap::Foreign(descriptor.digest.clone())
    } else {
        Gap::Missing(descriptor.name())
    }
}
