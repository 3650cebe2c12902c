//! What a header block says (POSIX.1-2017 `pax`, "ustar Interchange Format", and GNU's numbers in binary),
//! as Go's `archive/tar` takes it, with which docker and containerd read.

use tar::{EntryType, Header};

use super::extra::{LONGEST_CONTENT, may_be_folder};

/// Whether these 512 bytes are a header: their checksum is right, of signed or unsigned bytes.
pub(crate) fn is_header(block: &[u8]) -> bool {
    let claimed = block.get(CHECKSUM).and_then(octal);
    let Some(claimed) = claimed.and_then(|sum| i64::try_from(sum).ok()) else {
        return false;
    };
    let (mut unsigned, mut signed) = (0_i64, 0_i64);
    for (at, byte) in block.iter().enumerate() {
        let byte = if CHECKSUM.contains(&at) { b' ' } else { *byte };
        unsigned += i64::from(byte);
        signed += i64::from(byte.cast_signed());
    }
    claimed == unsigned || claimed == signed
}

/// How long the content is, if the header says it in a way that makes sense.
pub(super) fn size(block: &[u8]) -> Option<u64> {
    let field = block.get(SIZE)?;
    let size = match field.split_first()? {
        (0x80..=0xbf, _) => binary(field),
        (0xc0.., _) => None,
        _ => octal(field),
    };
    size.filter(|size| *size < LONGEST_CONTENT)
}

/// Digits between spaces and zeros; none at all are nought.
fn octal(field: &[u8]) -> Option<u64> {
    let is_around = |byte: &u8| matches!(byte, b' ' | 0);
    let begin = field.iter().position(|byte| !is_around(byte));
    let text = field.get(begin.unwrap_or(field.len())..)?;
    let text = text.split(|byte| *byte == 0).next()?.trim_ascii_end();
    text.iter().try_fold(0_u64, |number, digit| match digit {
        b'0'..=b'7' => Some(number.checked_mul(8)? + u64::from(digit - b'0')),
        _ => None,
    })
}

/// A number of the highest byte first, whose highest bit says that it is one.
fn binary(field: &[u8]) -> Option<u64> {
    let (first, rest) = field.split_first()?;
    rest.iter()
        .try_fold(u64::from(first & 0x7f), |number, byte| {
            Some(number.checked_mul(256)? + u64::from(*byte))
        })
}

/// Whether the entry only describes the next one, or all.
pub(super) fn is_extra(kind: EntryType) -> bool {
    kind.is_gnu_longname() || kind.is_gnu_longlink() || is_pax(kind)
}

/// Whether it does so by records, which may be of any length and content.
pub(super) fn is_pax(kind: EntryType) -> bool {
    kind.is_pax_local_extensions() || kind.is_pax_global_extensions()
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

/// Whether its own name may be what makes it a folder, as in archives older than POSIX. Readers differ in which
/// headers have a first part of the name in a field of its own.
pub(super) fn may_be_old_folder(header: &Header) -> bool {
    let name = &header.as_old().name;
    let name = name.split(|byte| *byte == 0).next().unwrap_or_default();
    is_old(header) && may_be_folder(name)
}

/// Whether it does not say what kind of entry it is.
pub(super) fn is_old(header: &Header) -> bool {
    header.as_old().linkflag == [0]
}

const SIZE: std::ops::Range<usize> = 124..136;
const CHECKSUM: std::ops::Range<usize> = 148..156;

#[cfg(test)]
mod tests {
    use super::*;

    fn with_size(field: [u8; 12]) -> Option<u64> {
        let mut block = [0; 512];
        block[SIZE].copy_from_slice(&field);
        size(&block)
    }

    #[test]
    fn sizes_are_read_as_go_reads_them() {
        for (field, expected) in [
            (b"00000000017\0", Some(15)),
            (b"     17    \0", Some(15)),
            (b"\0\0 17\0 99999", Some(15)),
            (b"777777777777", Some((1 << 36) - 1)),
            (b"\0\0\0\0\0\0\0\0\0\0\0\0", Some(0)),
            (b"            ", Some(0)),
            (b"+0000000017\0", None),
            (b"\t0000000017\0", None),
            (b"1 7        \0", None),
            (b"000000000018", None),
            (b"\x80\0\0\0\0\0\0\0\0\x01\0\x02", Some(65_538)),
            (b"\x80\0\0\x01\0\0\0\0\0\0\0\x02", None),
            (b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", None),
        ] {
            assert_eq!(with_size(*field), expected, "{field:?}");
        }
    }

    #[test]
    fn a_sum_of_signed_bytes_is_one() {
        let mut header = Header::new_ustar();
        header.set_path("grün").unwrap();
        header.set_cksum();
        let mut block = *header.as_bytes();
        assert!(is_header(&block));
        let unsigned = octal(&block[CHECKSUM]).unwrap();
        let sum = format!("\0{:06o}\0", unsigned - 2 * 256);
        block[CHECKSUM].copy_from_slice(sum.as_bytes());
        assert!(is_header(&block));
        block[0] ^= 1;
        assert!(!is_header(&block));
    }
}
