//! Numbers for people.

/// `1 key`, `2 keys`.
pub(super) fn count(number: usize, noun: &str) -> String {
    if number == 1 {
        format!("1 {noun}")
    } else {
        format!("{number} {noun}s")
    }
}

/// A size in decimal units, rounded down: `345 MB`.
pub(super) fn size(bytes: u64) -> String {
    let units = [(1_000_000_000, "GB"), (1_000_000, "MB"), (1_000, "kB")];
    match units.into_iter().find(|&(unit, _)| bytes >= unit) {
        Some((unit, name)) => format!("{} {name}", bytes / unit),
        None => format!("{bytes} bytes"),
    }
}

/// At most three of the texts, and how many more there are; nothing for none.
pub(super) fn first_three(texts: &[String]) -> Option<String> {
    let shown = texts.get(..SHOWN).unwrap_or(texts).join("; ");
    match texts.len().checked_sub(SHOWN) {
        _ if texts.is_empty() => None,
        None | Some(0) => Some(shown),
        Some(more) => Some(format!("{shown}; and {more} more")),
    }
}

const SHOWN: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_rounded_down_to_whole_units() {
        assert_eq!(size(999), "999 bytes");
        assert_eq!(size(1_999), "1 kB");
        assert_eq!(size(345_400_000), "345 MB");
        assert_eq!(size(2_000_000_000), "2 GB");
    }

    #[test]
    fn one_is_not_many() {
        let texts = [count(0, "key"), count(1, "key"), count(2, "key")];
        assert_eq!(texts, ["0 keys", "1 key", "2 keys"]);
    }
}
