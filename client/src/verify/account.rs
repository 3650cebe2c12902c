//! Whether everything that the image names was there, and read.

mod oci;
mod whole;

use std::collections::HashSet;

use super::{
    gap::Gap,
    inventory::{Content, Inflated, Inventory, Member},
    manifest::{Config, Document, SavedImage},
    name::{Name, NameKind},
    tape::Standing,
    text::printable,
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
    /// The digests that they go by.
    pub(super) names: Vec<Name>,
    /// Those of them that stand for all that is saved there.
    pub(super) whole: Vec<Name>,
    /// What was not read of them.
    pub(super) gaps: Vec<Gap>,
}

/// Follows everything that a saved image names.
pub(super) fn account(inventory: &Inventory) -> Contents {
    let mut account = Account {
        inventory,
        images: Vec::new(),
        named: HashSet::new(),
        names: Vec::new(),
        roots: None,
        indexed: HashSet::new(),
        gaps: Vec::new(),
        manifests: 0,
    };
    account.ending();
    let saved = account.saved_images();
    let indexed = account.index();
    if !saved && !indexed {
        account.gaps.push(Gap::NotAnImage);
    } else if account.manifests == 0 && account.gaps.is_empty() {
        account.gaps.push(Gap::NoImage);
    }
    account.unnamed();
    let mut seen = HashSet::new();
    account.gaps.retain(|gap| seen.insert(gap.to_string()));
    let whole = account.whole();
    Contents {
        images: account.images,
        named: account.named,
        whole,
        names: account.names,
        gaps: account.gaps,
    }
}

struct Account<'i> {
    inventory: &'i Inventory,
    images: Vec<Image>,
    named: HashSet<usize>,
    names: Vec<Name>,
    /// What the index names itself, where there is an index.
    roots: Option<HashSet<usize>>,
    /// The configurations of images that the index leads to.
    indexed: HashSet<usize>,
    gaps: Vec<Gap>,
    /// How many manifests were met, of images and of artifacts.
    manifests: usize,
}

impl Account<'_> {
    fn ending(&mut self) {
        let inventory = self.inventory;
        if let Some(failure) = &inventory.failure {
            self.gaps.push(Gap::Interrupted(failure.to_string()));
        }
        match inventory.standing {
            Standing::Ended if inventory.is_odd => self.gaps.push(Gap::Odd),
            Standing::Ended => {}
            Standing::Unfinished => self.gaps.push(Gap::Truncated(inventory.bytes)),
            Standing::Damaged(at) => self.gaps.push(Gap::Damaged(at)),
        }
        for member in &inventory.members {
            if let Content::Clean(layer) = &member.content {
                self.gaps.extend(gap_of_digest(&layer.digest, member));
            }
        }
        if inventory.left_out {
            self.gaps.push(Gap::TooManyMembers(MOST_MEMBERS));
        }
    }

    /// What no document names may be what another reader of them loads.
    fn unnamed(&mut self) {
        let members = self.inventory.members.iter().enumerate();
        let others = members.filter(|(number, _)| !self.named.contains(number));
        for (_, member) in others {
            let name = printable(&member.entry.name);
            match &member.content {
                Content::Inflated(inflated) if !inflated.whole => {
                    self.gaps.push(Gap::Corrupt(name));
                }
                _ => self.gaps.extend(gap_of_archive(&name, member)),
            }
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
            self.manifests += 1;
            let layers = image.layers.iter().map(|name| self.member(name)).collect();
            let Some(config_member) = self.member(&image.config) else {
                continue;
            };
            self.is_named_by_digest(&image.config, config_member);
            self.image(&image.config, config_member, layers);
        }
        true
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
        self.name(config_member, NameKind::Configuration);
        self.images.push(Image {
            config_member,
            config,
            layers,
        });
    }

    /// Notes that an image goes by the digest of this member.
    fn name(&mut self, number: usize, kind: NameKind) {
        let member = self.inventory.members.get(number);
        let name = member.map(|member| Name {
            digest: member.digest.to_string(),
            kind,
        });
        let is_new = |name: &Name| !self.names.contains(name);
        if let Some(name) = name.filter(is_new) {
            self.names.push(name);
        }
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

    fn document<T: Document>(&mut self, name: &str, number: usize) -> Option<T> {
        self.named.insert(number);
        let (parsed, doubtful) = match &self.inventory.members.get(number)?.content {
            _ if ROOTS.contains(&name) && self.is_twice(name) => (None, None),
            Content::Json(Some(text)) => (serde_json::from_slice(text).ok(), T::doubtful(text)),
            Content::Json(None) => {
                self.gaps.push(Gap::TooLong(name.to_owned()));
                return None;
            }
            _ => (None, None),
        };
        let name = || name.to_owned();
        if let Some(member) = doubtful {
            let document = name();
            self.gaps.push(Gap::Ambiguous { document, member });
        } else if parsed.is_none() {
            self.gaps.push(Gap::NotUnderstood(name()));
        }
        parsed
    }

    /// Whether there are several members of a name: some readers take the first, some the last.
    fn is_twice(&self, name: &str) -> bool {
        let members = self.inventory.members.iter();
        let named = members.filter(|member| member.entry.name == name.as_bytes());
        named.count() > 1
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
    let unread = gap_of_content(diff_id, member).or_else(|| gap_of_archive(diff_id, member));
    unread.or_else(|| match &member.content {
        Content::Inflated(inflated) => {
            let digest = inflated.digest.to_string();
            (digest != diff_id).then(|| Gap::WrongDigest {
                name: diff_id.to_owned(),
                digest,
            })
        }
        Content::Clean(layer) => (layer.diff_id != diff_id).then(|| Gap::WrongDigest {
            name: diff_id.to_owned(),
            digest: layer.diff_id.clone(),
        }),
        _ => gap_of_digest(diff_id, member),
    })
}

/// What keeps the files of a layer from being looked into.
fn gap_of_archive(diff_id: &str, member: &Member) -> Option<Gap> {
    let (Content::Tar { is_broken, .. } | Content::Inflated(Inflated { is_broken, .. })) =
        &member.content
    else {
        return None;
    };
    is_broken.then(|| Gap::Broken(diff_id.to_owned()))
}

/// What keeps a layer or another blob from being read.
fn gap_of_content(name: &str, member: &Member) -> Option<Gap> {
    let layer = || name.to_owned();
    match &member.content {
        Content::Inflated(inflated) => (!inflated.whole).then(|| Gap::Corrupt(layer())),
        Content::Other => Some(Gap::UnknownFormat(layer())),
        Content::Tar { .. } | Content::Json(_) | Content::Clean(_) => None,
    }
}

/// The documents that a reader begins with. All others are known by their digests.
const ROOTS: [&str; 2] = ["manifest.json", "index.json"];
