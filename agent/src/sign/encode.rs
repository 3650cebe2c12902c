//! The two data types of RFC 4251 §5 that signatures and keys are made of.

/// Appends `bytes`, fewer than 2^32, as a `string`.
pub(crate) fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    out.extend_from_slice(bytes);
}

/// Appends the unsigned big-endian number `bytes` as an `mpint`.
pub(crate) fn put_mpint(out: &mut Vec<u8>, bytes: &[u8]) {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = bytes.get(zeros..).unwrap_or_default();
    let sign = usize::from(digits.first().is_some_and(|first| *first >= 0x80));
    let len = u32::try_from(digits.len() + sign).unwrap_or(u32::MAX);
    out.extend_from_slice(&len.to_be_bytes());
    out.resize(out.len() + sign, 0);
    out.extend_from_slice(digits);
}

#[cfg(test)]
mod tests {
    use super::{put_mpint, put_string};

    fn mpint(bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        put_mpint(&mut out, bytes);
        out
    }

    #[test]
    fn numbers_are_written_as_rfc_4251_shows() {
        assert_eq!(mpint(&[]), [0, 0, 0, 0]);
        assert_eq!(mpint(&[0, 0]), [0, 0, 0, 0]);
        assert_eq!(mpint(&[0x80]), [0, 0, 0, 2, 0, 0x80]);
        assert_eq!(
            mpint(&[0x09, 0xa3, 0x78, 0xf9, 0xb2, 0xe3, 0x32, 0xa7]),
            [0, 0, 0, 8, 0x09, 0xa3, 0x78, 0xf9, 0xb2, 0xe3, 0x32, 0xa7]
        );
        assert_eq!(mpint(&[0, 0, 0x7f, 0]), [0, 0, 0, 2, 0x7f, 0]);
    }

    #[test]
    fn strings_carry_their_length() {
        let mut out = Vec::new();
        put_string(&mut out, b"testing");
        assert_eq!(out, b"\x00\x00\x00\x07testing");
    }
}
