//! The programs that go into images.

use keystay::shim::{Platform, bytes};

/// A number at an offset of the file, little-endian.
fn number<const N: usize>(file: &[u8], offset: usize) -> u64 {
    let mut word = [0; 8];
    word[..N].copy_from_slice(&file[offset..offset + N]);
    u64::from_le_bytes(word)
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap()
}

/// The types of the program headers (ELF specification, "Program Header").
fn segments(file: &[u8]) -> Vec<u64> {
    let (start, length, count) = (
        size(number::<8>(file, 0x20)),
        size(number::<2>(file, 0x36)),
        size(number::<2>(file, 0x38)),
    );
    (0..count)
        .map(|index| number::<4>(file, start + index * length))
        .collect()
}

#[test]
fn each_is_a_small_static_program_for_its_machine() {
    const DYNAMIC: u64 = 2;
    const INTERPRETER: u64 = 3;
    for (platform, machine) in [(Platform::Amd64, 62), (Platform::Arm64, 183)] {
        let file = bytes(platform);
        assert_eq!(file[..6], *b"\x7fELF\x02\x01", "{platform:?}");
        assert_eq!(number::<2>(file, 0x10), 2, "{platform:?} is no executable");
        assert_eq!(number::<2>(file, 0x12), machine, "{platform:?}");
        assert!(file.len() <= 32 * 1024, "{platform:?}: {}", file.len());
        let segments = segments(file);
        assert!(segments.contains(&1), "{platform:?}");
        assert!(!segments.contains(&DYNAMIC), "{platform:?}");
        assert!(!segments.contains(&INTERPRETER), "{platform:?}");
    }
}

#[test]
fn neither_says_where_it_was_built() {
    let here = env!("CARGO_MANIFEST_DIR").as_bytes();
    for platform in [Platform::Amd64, Platform::Arm64] {
        let mut places = bytes(platform).windows(here.len());
        assert!(!places.any(|place| place == here), "{platform:?}");
    }
}
