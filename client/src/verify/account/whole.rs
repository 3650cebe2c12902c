//! The one image that a saved image is.

use super::{Account, Image};
use crate::verify::name::{Name, NameKind};

impl Account<'_> {
    /// The digests that stand for all that is saved: those of the one manifest or index that the index of the
    /// archive names, and of the configuration of the one image that there is. None where there are several.
    pub(super) fn whole(&self) -> Vec<Name> {
        let configuration = match self.images.as_slice() {
            [image] => self.name_of(image.config_member),
            _ => None,
        };
        let Some(roots) = &self.roots else {
            return configuration.into_iter().collect();
        };
        let is_indexed = |image: &Image| self.indexed.contains(&image.config_member);
        let mut roots = roots.iter();
        let (Some(root), None, true) = (
            roots.next(),
            roots.next(),
            self.images.iter().all(is_indexed),
        ) else {
            return Vec::new();
        };
        let root = self.name_of(*root);
        // An index may have more than its images, as attestations.
        let is_image = |root: &Name| root.kind == NameKind::Manifest;
        let configuration = configuration.filter(|_| root.as_ref().is_some_and(is_image));
        root.into_iter().chain(configuration).collect()
    }

    fn name_of(&self, number: usize) -> Option<Name> {
        let digest = self.inventory.members.get(number)?.digest.to_string();
        let mut names = self.names.iter();
        names.find(|name| name.digest == digest).cloned()
    }
}
