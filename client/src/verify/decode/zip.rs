//! The header before each entry of a zip archive (APPNOTE 4.3.7).

/// What a local file header says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ZipEntry {
    /// The name; text of the outside.
    pub(super) name: Vec<u8>,
    /// How long the header is.
    pub(super) header: usize,
    /// Whether the content is encrypted.
    pub(super) encrypted: bool,
    /// How the content is compressed.
    pub(super) method: u16,
    /// The checksum of the content, where it is not told behind it.
    pub(super) checksum: Option<u32>,
    /// How long the compressed content is, where it is not told behind it.
    pub(super) compressed: Option<u32>,
}

impl ZipEntry {
    /// The header that begins with these bytes, if all of it makes sense.
    pub(super) fn read(head: &[u8]) -> Option<Self> {
        let version = u16_at(head, 4)?;
        let flags = u16_at(head, 6)?;
        let method = u16_at(head, 8)?;
        let name_length = usize::from(u16_at(head, 26)?);
        let extra_length = usize::from(u16_at(head, 28)?);
        let name = head.get(FIXED..FIXED + name_length)?;
        let header = FIXED + name_length + extra_length;
        let is_known = (version & 0xff) <= NEWEST
            && flags & UNUSED_FLAGS == 0
            && METHODS.contains(&method)
            && (1..=LONGEST_NAME).contains(&name_length)
            && name.iter().all(|byte| *byte >= b' ' && *byte != 0x7f);
        if !is_known || !are_records(head.get(FIXED + name_length..header)?) {
            return None;
        }
        let is_told_before = flags & TOLD_BEHIND == 0;
        Some(Self {
            name: name.to_vec(),
            header,
            encrypted: flags & ENCRYPTED != 0 || method == AES,
            method,
            checksum: u32_at(head, 14).filter(|_| is_told_before),
            compressed: u32_at(head, 18).filter(|_| is_told_before),
        })
    }

    /// The checksum that is told behind the content, if these bytes are behind it.
    pub(super) fn checksum_behind(bytes: &[u8]) -> Option<u32> {
        let at = if bytes.starts_with(b"PK\x07\x08") {
            4
        } else {
            0
        };
        u32_at(bytes, at)
    }
}

/// Whether these bytes are whole records of a number and a length each, or rest of an alignment.
fn are_records(mut extra: &[u8]) -> bool {
    while extra.len() >= 4 {
        let length = usize::from(u16_at(extra, 2).unwrap_or(0));
        match extra.get(4 + length..) {
            Some(rest) => extra = rest,
            None => return false,
        }
    }
    extra.iter().all(|byte| *byte == 0)
}

/// Two bytes, the lowest first.
pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes
        .get(at..)?
        .first_chunk()
        .copied()
        .map(u16::from_le_bytes)
}

/// Four bytes, the lowest first.
pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes
        .get(at..)?
        .first_chunk()
        .copied()
        .map(u32::from_le_bytes)
}

pub(super) const STORED: u16 = 0;
pub(super) const DEFLATED: u16 = 8;
/// Content of these is a stream with first bytes of its own: bzip2, zstd, xz.
pub(super) const SPEAK_FOR_THEMSELVES: [u16; 3] = [12, 93, 95];
const AES: u16 = 99;
const METHODS: [u16; 17] = [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 14, 93, 95, 96, 98, 99];
const FIXED: usize = 30;
/// Of the specification: 6.3.
const NEWEST: u16 = 63;
const LONGEST_NAME: usize = 1024;
const ENCRYPTED: u16 = 1;
const TOLD_BEHIND: u16 = 8;
/// Bits that no version of the specification gives a meaning, and the masked headers of an
/// encrypted directory.
const UNUSED_FLAGS: u16 = 0b1101_0111_1000_0000;
