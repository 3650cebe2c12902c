//! The layers of an image that was verified.

use serde::Serialize;

use super::{account::Image, inventory::Inventory};

/// A layer that an image names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// Its digest as the image's configuration names it, that of the plain archive.
    pub diff_id: String,
    /// Its digest as it is stored, where it is there.
    pub digest: Option<String>,
    /// How long it is as it is stored, in bytes.
    pub bytes: u64,
}

/// The layers of all images, each once, the lowest first.
pub(super) fn layers(images: &[Image], inventory: &Inventory) -> Vec<Layer> {
    let mut layers: Vec<Layer> = Vec::new();
    for image in images {
        let diff_ids = &image.config.rootfs.diff_ids;
        for (index, diff_id) in diff_ids.iter().enumerate() {
            if layers.iter().any(|layer| layer.diff_id == *diff_id) {
                continue;
            }
            let number = image.layers.get(index).copied().flatten();
            let member = number.and_then(|number| inventory.members.get(number));
            layers.push(Layer {
                diff_id: diff_id.clone(),
                digest: member.map(|member| member.digest.to_string()),
                bytes: member.map_or(0, |member| member.entry.size),
            });
        }
    }
    layers
}
