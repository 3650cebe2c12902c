//! From an offset in an image's configuration to the part of it.

use super::{shown_instruction, spot_of};
use crate::verify::{
    account::Image,
    finding::{Place, Spot},
    json_path::{self, Step},
    offset::Whole,
    text::printable,
};

/// What of an image's configuration, in which this many bytes are before, holds a hit.
pub(super) fn in_config(image: &Image, text: &[u8], at: u64) -> Spot {
    Spot {
        offset: Some(Whole::Member.at(at)),
        ..part_of_config(image, text, at)
    }
}

fn part_of_config(image: &Image, text: &[u8], offset: u64) -> Spot {
    let offset = usize::try_from(offset).unwrap_or(usize::MAX);
    let steps = json_path::at(text, offset);
    let members: Vec<_> = steps.iter().take(3).map(name_of).collect();
    match (members.as_slice(), steps.get(1), steps.get(2)) {
        (["history", ..], Some(Step::Element(number)), _) => {
            let entry = image.config.history.get(*number);
            Spot {
                instruction: entry.and_then(|entry| shown_instruction(&entry.created_by)),
                ..spot_of(Place::History(number + 1))
            }
        }
        ([_, "Env", ..], ..) => spot_of(Place::Environment(variable(text, offset))),
        ([_, "Labels", ..], _, Some(Step::Member(name))) => {
            spot_of(Place::Label(Some(printable(name.as_bytes()))))
        }
        ([_, "Labels", ..], ..) => spot_of(Place::Label(None)),
        _ => {
            let name: Vec<_> = members
                .into_iter()
                .take(2)
                .filter(|name| !name.is_empty())
                .collect();
            spot_of(Place::Configuration(printable(name.join(".").as_bytes())))
        }
    }
}

fn name_of(step: &Step) -> &str {
    match step {
        Step::Member(name) => name,
        Step::Element(_) => "",
    }
}

/// The name of the variable in whose value this offset is: what stands between the quotation mark
/// and the first equals sign.
fn variable(text: &[u8], offset: usize) -> Option<String> {
    let before = text.get(..offset)?;
    let begin = before.iter().rposition(|byte| *byte == b'"')? + 1;
    let name = before.get(begin..)?.split(|byte| *byte == b'=').next()?;
    let is_name = name
        .iter()
        .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let is_before = begin + name.len() < offset;
    (is_name && is_before && !name.is_empty()).then(|| printable(name))
}
