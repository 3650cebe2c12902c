//! What a header block says.

use tar::{EntryType, Header};

/// Whether these 512 bytes are a header: their checksum is right.
pub(in crate::verify) fn is_header(block: &[u8]) -> bool {
    let Ok(claimed) = Header::from_byte_slice(block).cksum() else {
        return false;
    };
    let sum = block.iter().enumerate().fold(0_u32, |sum, (at, byte)| {
        sum + if CHECKSUM.contains(&at) {
            u32::from(b' ')
        } else {
            u32::from(*byte)
        }
    });
    sum == claimed
}

/// How long the content is, if the header says it in a way that makes sense.
pub(super) fn size(header: &Header) -> Option<u64> {
    header
        .entry_size()
        .ok()
        .filter(|size| *size < LONGEST_CONTENT)
}

/// Whether the entry only describes the next one.
pub(super) fn is_extra(kind: EntryType) -> bool {
    kind.is_gnu_longname() || kind.is_gnu_longlink() || kind.is_pax_local_extensions()
}

/// Whether the entry has content; links, folders and devices have none, whatever their header
/// says.
pub(super) fn has_content(kind: EntryType) -> bool {
    !(kind.is_hard_link()
        || kind.is_symlink()
        || kind.is_character_special()
        || kind.is_block_special()
        || kind.is_dir()
        || kind.is_fifo())
}

/// No file is longer (2^60 bytes).
const LONGEST_CONTENT: u64 = 1 << 60;
const CHECKSUM: std::ops::Range<usize> = 148..156;
