//! What holds for any bytes as an ignore file.

use super::ignore::{Ignore, Matched};

/// The first line is a path, the others are an ignore file: what is below a folder where nothing can be kept is
/// left out, as that folder is.
///
/// # Panics
///
/// Where that does not hold.
#[must_use]
pub fn ignore_file(bytes: &[u8]) -> bool {
    let mut parts = bytes.splitn(2, |byte| *byte == b'\n');
    let (Some(path), Some(patterns)) = (parts.next(), parts.next()) else {
        return false;
    };
    let (Ok(path), Ok(ignore)) = (str::from_utf8(path), Ignore::read(patterns)) else {
        return false;
    };
    if path.split('/').any(|name| matches!(name, "" | "." | "..")) {
        return false;
    }
    let (mut above, mut is_over) = (Matched::default(), false);
    let ends = path.match_indices('/').map(|(end, _)| end);
    for part in ends.chain([path.len()]).filter_map(|end| path.get(..end)) {
        let (is_ignored, matched) = ignore.judge(part, &above);
        assert!(is_ignored || !is_over, "{part}");
        is_over |= is_ignored && ignore.ends_at(part);
        above = matched;
    }
    true
}
