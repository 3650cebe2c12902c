//! What holds for the search for other people's keys in any bytes.

use crate::verify::others::{Other, Search};

/// What is found in a stream lies in it, and is found wherever its chunks end. The first two bytes say how many lines
/// are before the others; as many as a search keeps are behind them.
///
/// # Panics
///
/// Where that does not hold.
#[must_use]
pub fn others(bytes: &[u8]) -> bool {
    let [high, low, text @ ..] = bytes else {
        return false;
    };
    let before = usize::from(u16::from_be_bytes([*high, *low]));
    let stream = [&b"\n".repeat(before), text, &b"\n".repeat(BEHIND)].concat();
    let found = found(&stream, stream.len());
    let length = u64::try_from(stream.len()).unwrap_or(u64::MAX);
    for other in &found {
        assert!(other.begin < other.end && other.end <= length, "{other:?}");
    }
    for cut in CUTS {
        assert_eq!(self::found(&stream, cut), found, "{cut}");
    }
    !found.is_empty()
}

fn found(stream: &[u8], cut: usize) -> Vec<Other> {
    let mut search = Search::new();
    stream.chunks(cut).for_each(|part| search.push(part));
    search.finish()
}

const BEHIND: usize = 40_000;
/// Shorter and longer than what a search keeps.
const CUTS: [usize; 2] = [1_000, 35_000];
