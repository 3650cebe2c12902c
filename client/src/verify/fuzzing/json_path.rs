//! What holds for any bytes as JSON.

use serde_json::Value;

use crate::verify::json_path::{Step, at};

/// The way to any place of a JSON text leads to a value that is there. The first two bytes say which place.
///
/// # Panics
///
/// Where that does not hold.
#[must_use]
pub fn json_path(bytes: &[u8]) -> bool {
    let [high, low, text @ ..] = bytes else {
        return false;
    };
    let steps = at(text, usize::from(u16::from_be_bytes([*high, *low])));
    let Ok(whole) = serde_json::from_slice::<Value>(text) else {
        return false;
    };
    let value = steps.iter().try_fold(&whole, |value, step| match step {
        Step::Member(name) => value.get(name),
        // The place where the first element of an empty array would be.
        Step::Element(0) if value.as_array().is_some_and(Vec::is_empty) => Some(value),
        Step::Element(number) => value.get(number),
    });
    assert!(value.is_some(), "{steps:?}");
    true
}
