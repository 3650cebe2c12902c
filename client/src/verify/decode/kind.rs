//! What begins at a place, by the first bytes there.

use flate2::Crc;

use super::{
    unread::Unread,
    zip::{DEFLATED, SPEAK_FOR_THEMSELVES, STORED, ZipEntry, u16_at, u32_at},
};

/// What begins at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    /// What may be a stream of this kind.
    Stream(Kind),
    /// An entry of a zip archive that is as it is, or compressed in a way that is found by itself.
    Plain(ZipEntry),
    /// What is not decoded, by its header without doubt; under this name, if it has one.
    Unread(Unread, Option<Vec<u8>>),
    /// Nothing.
    None,
}

/// A kind of stream that is decoded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Gzip,
    Zlib,
    Zstd,
    Xz,
    Bzip2,
    Lzma,
    /// The data of a PNG image, a zlib stream in chunks.
    Png,
    /// An entry of a zip archive.
    Zip(ZipEntry),
    /// A compressed stream written as text.
    Base64,
}

impl Kind {
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zlib => "zlib",
            Self::Zstd => "zstd",
            Self::Xz => "xz",
            Self::Bzip2 => "bzip2",
            Self::Lzma => "lzma",
            Self::Png => "png",
            Self::Zip(_) => "zip",
            Self::Base64 => "base64",
        }
    }

    /// How many bytes it takes to see whether a stream that begins with these decodes.
    pub(super) fn lookahead(&self, head: &[u8]) -> usize {
        match self {
            Self::Zlib if !is_dynamic_block(head) => 512 << 10,
            Self::Bzip2 => 1_200 << 10,
            Self::Zstd | Self::Xz | Self::Lzma => 256 << 10,
            Self::Gzip | Self::Zlib | Self::Png | Self::Zip(_) | Self::Base64 => LOOKAHEAD,
        }
    }
}

/// How many bytes there should be at a place to tell what begins there.
pub(super) const LOOKAHEAD: usize = 70 << 10;

/// What begins with these bytes, at the beginning of a file or stream if `first`.
pub(super) fn recognise(head: &[u8], first: bool) -> Sign {
    let stream = |kind| Sign::Stream(kind);
    match head {
        [0x1f, 0x8b, 8, flags, ..] if flags & 0xe0 == 0 => stream(Kind::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, descriptor, ..] if descriptor & 8 == 0 => match descriptor & 3 {
            0 => stream(Kind::Zstd),
            _ if first => unsupported("zstd with a dictionary"),
            _ => Sign::None,
        },
        [0xfd, b'7', ..] if is_xz(head) => stream(Kind::Xz),
        [b'B', b'Z', b'h', b'1'..=b'9', rest @ ..] if is_bzip2_block(rest) => stream(Kind::Bzip2),
        [b'P', b'K', 3, 4, ..] => ZipEntry::read(head).map_or(Sign::None, zip),
        [b'7', b'z', 0xbc, ..] if is_7z(head) => unsupported("7z"),
        [b'R', b'a', b'r', ..] if is_rar(head) => unsupported("rar"),
        [4, 0x22, 0x4d, 0x18, ..] if is_lz4(head) => unsupported("lz4"),
        [b'h', b's', b'q', b's', ..] if is_squashfs(head) => unsupported("squashfs"),
        [0x1f, 0x9d, 0x89..=0x90, ..] if first => unsupported("compress"),
        [b'H' | b'K' | b'/' | b'U' | b'Q' | b'S', ..] => stream(Kind::Base64),
        [0x78, ..] if begins_block(head) => stream(Kind::Zlib),
        [_, _, _, _, b'I', b'D', b'A', b'T', low, high, ..] if is_zlib(*low, *high) => {
            stream(Kind::Png)
        }
        [low, high, ..] if first && is_zlib(*low, *high) && begins_block(head) => {
            stream(Kind::Zlib)
        }
        [0x5d, 0, 0, ..] if first && is_lzma(head) => stream(Kind::Lzma),
        _ => Sign::None,
    }
}

fn unsupported(what: &'static str) -> Sign {
    Sign::Unread(Unread::Unsupported(what), None)
}

fn zip(entry: ZipEntry) -> Sign {
    match entry.method {
        _ if entry.encrypted => Sign::Unread(Unread::Encrypted, Some(entry.name)),
        DEFLATED => Sign::Stream(Kind::Zip(entry)),
        STORED => Sign::Plain(entry),
        other if SPEAK_FOR_THEMSELVES.contains(&other) => Sign::Plain(entry),
        _ => Sign::Unread(
            Unread::Unsupported("this compression in a zip archive"),
            Some(entry.name),
        ),
    }
}

/// A stream header with its checksum (xz format 2.1.1).
fn is_xz(head: &[u8]) -> bool {
    head.starts_with(b"\xfd7zXZ\0")
        && head
            .get(6..8)
            .is_some_and(|flags| u32_at(head, 8) == Some(crc(flags)))
}

/// The mark of a block and what follows it: its checksum and the place of the original in it, which
/// is inside of the block.
fn is_bzip2_block(rest: &[u8]) -> bool {
    rest.starts_with(b"\x31\x41\x59\x26\x53\x59") || rest.starts_with(b"\x17\x72\x45\x38\x50\x90")
}

/// The signature header with its checksum.
fn is_7z(head: &[u8]) -> bool {
    head.starts_with(b"7z\xbc\xaf\x27\x1c\0")
        && head
            .get(12..32)
            .is_some_and(|start| u32_at(head, 8) == Some(crc(start)))
}

/// The mark of versions 4 and 5, and that of the first header.
fn is_rar(head: &[u8]) -> bool {
    let is_4 = head.starts_with(b"Rar!\x1a\x07\0") && head.get(9) == Some(&0x73);
    let is_5 = head.starts_with(b"Rar!\x1a\x07\x01\0")
        && head.get(12..).is_some_and(|header| {
            // The length of the header, without itself, is one byte here.
            let length = header.first().map_or(0, |length| usize::from(*length));
            header
                .get(..=length)
                .is_some_and(|header| u32_at(head, 8) == Some(crc(header)))
        });
    is_4 || is_5
}

/// A frame header of version 1 and a first block that is not longer than blocks may be.
fn is_lz4(head: &[u8]) -> bool {
    let [flags, sizes] = [4, 5].map(|at| head.get(at).copied().unwrap_or_default());
    let is_header = flags >> 6 == 1 && flags & 2 == 0 && matches!(sizes, 0x40 | 0x50 | 0x60 | 0x70);
    let length = 7 + usize::from(flags & 8) + usize::from(flags & 1) * 4;
    let longest = 1_u32 << (8 + 2 * (u32::from(sizes) >> 4));
    let block = u32_at(head, length).map(|size| size & 0x7fff_ffff);
    is_header && block.is_some_and(|size| size > 0 && size <= longest)
}

/// A superblock of version 4 whose two ways to say the block size agree.
fn is_squashfs(head: &[u8]) -> bool {
    let log = u16_at(head, 22).map(u32::from);
    u16_at(head, 28) == Some(4)
        && u16_at(head, 30) == Some(0)
        && log.is_some_and(|log| log < 32 && u32_at(head, 12) == 1_u32.checked_shl(log))
}

/// Whether the first block of a zlib stream has codes of its own, which chance does not make. One
/// without is soon made of any bytes, and holds few that are not there as they are.
pub(super) fn is_dynamic_block(head: &[u8]) -> bool {
    head.get(2).is_some_and(|block| (block >> 1) & 3 == 2)
}

/// Whether the first block of a zlib stream decodes to anything (RFC 1951, 3.2.4 to 3.2.7): most bytes do
/// not.
fn begins_block(head: &[u8]) -> bool {
    let Some([block, rest @ ..]) = head.get(2..) else {
        return false;
    };
    match (block >> 1) & 3 {
        0 => u16_at(rest, 0).is_some_and(|length| u16_at(rest, 2) == Some(!length)),
        1 => true,
        2 => block >> 3 <= 29 && rest.first().is_some_and(|next| next & 0x1f <= 29),
        _ => false,
    }
}

/// The two bytes of a header (RFC 1950) without a dictionary.
fn is_zlib(low: u8, high: u8) -> bool {
    let is_deflate = low & 0x0f == 8 && low >> 4 <= 7;
    is_deflate && high & 0x20 == 0 && u16::from_be_bytes([low, high]).is_multiple_of(31)
}

/// A header with a dictionary of a usual size, and a length that is not told or not absurd.
fn is_lzma(head: &[u8]) -> bool {
    let dictionary = u32_at(head, 1).unwrap_or(0);
    let is_usual = dictionary.is_power_of_two() && (1 << 12..=1 << 27).contains(&dictionary);
    let length = head.get(5..).and_then(|rest| rest.first_chunk().copied());
    let length = length.map(u64::from_le_bytes);
    is_usual && length.is_some_and(|length| length == u64::MAX || length < 1 << 40)
}

fn crc(bytes: &[u8]) -> u32 {
    let mut crc = Crc::new();
    crc.update(bytes);
    crc.sum()
}
