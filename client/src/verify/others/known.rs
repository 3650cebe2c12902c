//! Private keys that everybody knows: those of the tests of widely used programs.

use std::sync::LazyLock;

/// Who publishes the key whose PEM text decodes to bytes of this SHA-256, if it is known.
pub(super) fn publisher(digest: &[u8; 32]) -> Option<&'static str> {
    let found = KEYS.binary_search_by(|(key, _)| key.cmp(digest)).ok()?;
    KEYS.get(found).map(|(_, by)| *by)
}

static KEYS: LazyLock<Vec<([u8; 32], &'static str)>> = LazyLock::new(|| {
    let mut keys: Vec<_> = LIST.lines().filter_map(entry).collect();
    keys.sort_unstable();
    keys
});

/// `DIGEST PUBLISHER`.
fn entry(line: &'static str) -> Option<([u8; 32], &'static str)> {
    let (digits, by) = line.split_once(' ')?;
    let mut digest = [0; 32];
    for (byte, pair) in digest.iter_mut().zip(digits.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    (digits.len() == 64).then_some((digest, by))
}

const LIST: &str = include_str!("known.txt");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_list_is_a_key_and_none_stands_twice() {
        assert_eq!(KEYS.len(), LIST.lines().count());
        assert!(KEYS.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(KEYS.iter().all(|(digest, _)| publisher(digest).is_some()));
        assert_eq!(publisher(&[0; 32]), None);
    }
}
