//! The data types of RFC 4251 §5 that agent messages are made of, read without copying.

use std::fmt;

use crate::DecodeError;

/// What is left to read of some bytes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// The next `N` bytes.
    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (first, rest) = self.0.split_first_chunk().ok_or(DecodeError::Truncated)?;
        self.0 = rest;
        Ok(*first)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, DecodeError> {
        self.array().map(u8::from_be_bytes)
    }

    pub(crate) fn u16(&mut self) -> Result<u16, DecodeError> {
        self.array().map(u16::from_be_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, DecodeError> {
        self.array().map(u64::from_be_bytes)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_be_bytes)
    }

    /// A boolean that is written as 0 or 1, as RFC 4251 §5 asks of writers.
    pub(crate) fn bool(&mut self) -> Result<bool, DecodeError> {
        match self.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            number => Err(DecodeError::UnexpectedNumber {
                what: "boolean",
                number,
            }),
        }
    }

    pub(crate) fn string(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = usize::try_from(self.u32()?).map_err(|_| DecodeError::Truncated)?;
        let (first, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(DecodeError::Truncated)?;
        self.0 = rest;
        Ok(first)
    }

    /// A string of at most `limit` bytes, called `what` in errors.
    pub(crate) fn string_up_to(
        &mut self,
        limit: usize,
        what: &'static str,
    ) -> Result<&'a [u8], DecodeError> {
        let string = self.string()?;
        if string.len() > limit {
            return Err(DecodeError::TooLong { what, limit });
        }
        Ok(string)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Everything that is left.
    pub(crate) fn rest(self) -> &'a [u8] {
        self.0
    }

    /// Refuses bytes that are left.
    pub(crate) fn finish(self) -> Result<(), DecodeError> {
        match self.0.len() {
            0 => Ok(()),
            count => Err(DecodeError::TrailingBytes { count }),
        }
    }
}

/// Appends `bytes` as a string. What a length word cannot count is given the highest one: it is no
/// message that [`crate::frame::join`] would let pass.
pub(crate) fn put_string(out: &mut Vec<u8>, bytes: &[u8]) {
    put_count(out, bytes.len());
    out.extend_from_slice(bytes);
}

/// Appends a length or a number of entries.
pub(crate) fn put_count(out: &mut Vec<u8>, count: usize) {
    out.extend_from_slice(&u32::try_from(count).unwrap_or(u32::MAX).to_be_bytes());
}

/// Stands for bytes that must not be shown: only their number is.
pub(crate) struct Redacted(pub(crate) usize);

impl fmt::Debug for Redacted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_beyond_the_bytes_is_truncation_and_not_an_allocation() {
        let mut reader = Reader::new(&[0xff, 0xff, 0xff, 0xff, 1]);
        assert_eq!(reader.string(), Err(DecodeError::Truncated));
    }

    #[test]
    fn a_boolean_is_zero_or_one() {
        let refused = Err(DecodeError::UnexpectedNumber {
            what: "boolean",
            number: 2,
        });
        assert_eq!(Reader::new(&[2]).bool(), refused);
        assert_eq!(Reader::new(&[1]).bool(), Ok(true));
        assert_eq!(Reader::new(&[0]).bool(), Ok(false));
    }

    #[test]
    fn bytes_that_are_left_are_counted() {
        let left = Reader::new(&[1, 2, 3]).finish();
        assert_eq!(left, Err(DecodeError::TrailingBytes { count: 3 }));
    }
}
