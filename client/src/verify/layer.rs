//! The layers of an image that was verified.

use serde::Serialize;

use super::{
    Gap,
    account::Image,
    inventory::{Content, Inventory, Member},
};

/// A layer that an image names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// Its digest as the image's configuration names it, that of the plain archive.
    pub diff_id: String,
    /// Its digest as it is stored, where it is there.
    pub digest: Option<String>,
    /// How long it is as it is stored, in bytes.
    pub bytes: u64,
    /// How many bytes of it were searched: as it is stored, what that inflates to, and what streams
    /// inside of its files decode to. Nothing of one that was found clean before.
    pub searched: u64,
    /// How many streams inside of its files were decoded.
    pub streams: u64,
    /// What of it was not read, a sentence each.
    pub gaps: Vec<String>,
}

/// The layers of all images, each once, the lowest first.
pub(super) fn layers(
    images: &[Image],
    inventory: &Inventory,
    inside: &[(usize, Gap)],
) -> Vec<Layer> {
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
                searched: member.map_or(0, searched),
                streams: member.map_or(0, |member| member.tally.streams()),
                gaps: gaps(inside, number),
            });
        }
    }
    layers
}

fn searched(member: &Member) -> u64 {
    let inflated = match &member.content {
        Content::Clean(_) => return 0,
        Content::Inflated(inflated) => inflated.bytes,
        _ => 0,
    };
    member.entry.size + inflated + member.tally.bytes()
}

fn gaps(inside: &[(usize, Gap)], number: Option<usize>) -> Vec<String> {
    let own = inside.iter().filter(|(member, _)| Some(*member) == number);
    own.map(|(_, gap)| gap.to_string()).collect()
}
