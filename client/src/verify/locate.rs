//! From the offset of a hit to what holds it.

mod config;

use std::collections::HashSet;

use keystay_proto::control::Hit;

use self::config::in_config;
use super::{
    account::Image,
    decode::{Batch, NotRead},
    finding::{Finding, Place, Spot, once},
    gap::Gap,
    instruction::instruction,
    inventory::{Content, Inventory, Member},
    offset::{Offset, Whole},
    others::{Kind, Other, is_configuration},
    paths::Covering,
    text::printable,
    walk::Stream,
    warning::Warning,
};

/// What the hits of one stream are, each place once.
pub(super) fn locate(
    inventory: &Inventory,
    images: &[Image],
    stream: &Stream,
    hits: &[Hit],
) -> Vec<Finding> {
    let finding = |hit: &Hit| Finding::new(spot(inventory, images, stream, hit.offset), hit);
    once(hits.iter().map(finding))
}

/// What the other secrets of one stream are, each with the number of the member that it is in. A token
/// counts in some files only.
pub(super) fn locate_others(
    inventory: &Inventory,
    images: &[Image],
    stream: &Stream,
    others: &[Other],
) -> Vec<(Option<usize>, Warning)> {
    let warning = |other: &Other| {
        let warning = Warning {
            spot: spot(inventory, images, stream, other.begin),
            kind: other.kind,
        };
        (holder(inventory, stream, other.begin), warning)
    };
    let counts = |(_, warning): &(Option<usize>, Warning)| match (warning.kind, &warning.spot.path)
    {
        (Kind::Token, path) => path.as_deref().is_some_and(is_configuration),
        (Kind::Key { .. }, _) => true,
    };
    others.iter().map(warning).filter(counts).collect()
}

/// The number of the member that holds the bytes at this offset of a stream.
fn holder(inventory: &Inventory, stream: &Stream, offset: u64) -> Option<usize> {
    match stream {
        Stream::Saved => inventory.covering(inventory.place(offset)),
        Stream::Inflated(number) => Some(*number),
        Stream::Nested(batch) => batch.find(offset).map(|(label, _)| label.member),
    }
}

/// What holds the bytes at this offset of a stream.
fn spot(inventory: &Inventory, images: &[Image], stream: &Stream, offset: u64) -> Spot {
    match stream {
        Stream::Saved => in_saved_image(inventory, images, offset),
        Stream::Inflated(number) => in_inflated(inventory, images, *number, offset),
        Stream::Nested(batch) => in_nested(images, batch, offset),
    }
}

/// What was not read inside of files, each with the number of the member that it is in.
pub(super) fn gaps_inside(inventory: &Inventory, images: &[Image]) -> Vec<(usize, Gap)> {
    let gap = |part: &NotRead| {
        let path = printable(&part.label.path);
        let layer = images.iter().find_map(|image| {
            let number = Some(part.label.member);
            image.layers.iter().position(|layer| *layer == number)
        });
        let place = match layer {
            Some(layer) => format!("layer {}, {path}", layer + 1),
            None => path,
        };
        let why = part.why;
        (part.label.member, Gap::Inside { place, why })
    };
    inventory.not_read.iter().map(gap).collect()
}

/// The findings in the order in which they are told: layers first, the lowest first. Dropped is what
/// says the same again: Docker writes a part of each configuration once more in its old form, which
/// no document names.
pub(super) fn in_order(
    mut findings: Vec<Finding>,
    inventory: &Inventory,
    named: &HashSet<usize>,
) -> Vec<Finding> {
    let is_known = |key| {
        findings
            .iter()
            .any(|other| other.key == key && !matches!(other.place, Place::Member(_)))
    };
    let known: HashSet<_> = findings
        .iter()
        .map(|finding| finding.key)
        .filter(|key| is_known(*key))
        .collect();
    let is_old_form = |name: &String| {
        inventory
            .members
            .iter()
            .enumerate()
            .any(|(number, member)| {
                !named.contains(&number)
                    && matches!(member.content, Content::Json(_))
                    && printable(&member.entry.name) == *name
            })
    };
    findings.retain(|finding| {
        let echo = matches!(&finding.place, Place::Member(name) if is_old_form(name));
        !echo || !known.contains(&finding.key)
    });
    findings.sort_by_key(|finding| finding.layer.unwrap_or(usize::MAX));
    once(findings)
}

fn in_saved_image(inventory: &Inventory, images: &[Image], searched: u64) -> Spot {
    let offset = inventory.place(searched);
    let number = inventory.covering(offset);
    let member = number.and_then(|number| Some((number, inventory.members.get(number)?)));
    let Some((number, member)) = member else {
        return spot_of(Place::Member("beginning".to_owned()));
    };
    let inner = offset.checked_sub(member.entry.data);
    match (&member.content, inner) {
        (Content::Tar { paths, .. }, Some(inner)) if is_layer(images, number) => {
            in_archive(images, number, paths.at(inner).as_ref(), inner)
        }
        (Content::Json(Some(text)), Some(inner)) => {
            match images.iter().find(|image| image.config_member == number) {
                Some(image) => in_config(image, text, inner),
                None => in_member(&member.entry.name, Some(inner)),
            }
        }
        (Content::Json(_), _) => in_member(&member.entry.name, inner),
        _ if is_layer(images, number) => {
            let offset = inner.map(|at| Whole::Layer.at(at));
            in_layer(images, number, None, offset)
        }
        _ => in_member(&member.entry.name, inner),
    }
}

fn in_inflated(inventory: &Inventory, images: &[Image], number: usize, offset: u64) -> Spot {
    match inventory.members.get(number) {
        Some(Member {
            content: Content::Inflated(inflated),
            ..
        }) if is_layer(images, number) => {
            in_archive(images, number, inflated.paths.at(offset).as_ref(), offset)
        }
        member => {
            let name = member.map(|member| member.entry.name.as_slice());
            in_member(name.unwrap_or_default(), Some(offset))
        }
    }
}

fn in_nested(images: &[Image], batch: &Batch, offset: u64) -> Spot {
    let Some((label, inner)) = batch.find(offset) else {
        return spot_of(Place::File);
    };
    if is_layer(images, label.member) {
        let offset = inner.map(|at| Whole::File.at(at));
        return in_layer(images, label.member, Some(&label.path), offset);
    }
    in_member(&label.path, inner)
}

fn in_member(name: &[u8], offset: Option<u64>) -> Spot {
    Spot {
        offset: offset.map(|at| Whole::Member.at(at)),
        ..spot_of(Place::Member(printable(name)))
    }
}

/// What holds the bytes at this offset of a layer's archive.
fn in_archive(images: &[Image], number: usize, covering: Option<&Covering>, offset: u64) -> Spot {
    let inner = covering.and_then(|covering| covering.inner);
    let offset = match inner {
        Some(inner) => Whole::File.at(inner),
        None => Whole::Layer.at(offset),
    };
    let path = covering.map(|covering| covering.name.as_slice());
    in_layer(images, number, path, Some(offset))
}

fn is_layer(images: &[Image], number: usize) -> bool {
    images
        .iter()
        .any(|image| image.layers.contains(&Some(number)))
}

fn in_layer(images: &[Image], number: usize, path: Option<&[u8]>, offset: Option<Offset>) -> Spot {
    let place = images.iter().find_map(|image| {
        Some((
            image,
            image
                .layers
                .iter()
                .position(|layer| *layer == Some(number))?,
        ))
    });
    let Some((image, index)) = place else {
        return spot_of(Place::File);
    };
    Spot {
        layer: Some(index + 1),
        digest: image
            .config
            .rootfs
            .diff_ids
            .get(index)
            .map(|id| printable(id.as_bytes())),
        path: path.map(printable),
        offset,
        instruction: instruction_of_layer(image, index),
        ..spot_of(Place::File)
    }
}

/// The instruction of the history entry that made this layer. Only where as many entries made
/// layers as there are is it sure which.
fn instruction_of_layer(image: &Image, index: usize) -> Option<String> {
    let mut made: Vec<_> = image
        .config
        .history
        .iter()
        .filter(|entry| !entry.empty_layer)
        .collect();
    if made.len() != image.layers.len() {
        return None;
    }
    let entry = (index < made.len()).then(|| made.swap_remove(index))?;
    shown_instruction(&entry.created_by)
}

fn shown_instruction(created_by: &str) -> Option<String> {
    let text = printable(instruction(created_by).as_bytes());
    (!text.is_empty()).then_some(text)
}

fn spot_of(place: Place) -> Spot {
    Spot {
        layer: None,
        digest: None,
        path: None,
        place,
        offset: None,
        instruction: None,
    }
}
