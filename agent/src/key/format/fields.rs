//! Reading the data types of RFC 4251 §5.

use super::FormatError;

/// The rest of a structure, read field by field. A field that does not fit is damage.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    pub(crate) fn u32(&mut self) -> Result<u32, FormatError> {
        let (number, rest) = self.0.split_first_chunk().ok_or(FormatError::Damaged)?;
        self.0 = rest;
        Ok(u32::from_be_bytes(*number))
    }

    pub(crate) fn string(&mut self) -> Result<&'a [u8], FormatError> {
        let len = usize::try_from(self.u32()?).map_err(|_| FormatError::Damaged)?;
        let (string, rest) = self.0.split_at_checked(len).ok_or(FormatError::Damaged)?;
        self.0 = rest;
        Ok(string)
    }

    /// A positive `mpint`, without leading zeros.
    pub(crate) fn number(&mut self) -> Result<&'a [u8], FormatError> {
        positive(self.string()?)
    }
}

/// The digits of a positive `mpint`, without leading zeros.
pub(crate) fn positive(mpint: &[u8]) -> Result<&[u8], FormatError> {
    match mpint {
        [0, rest @ ..] => Ok(rest),
        [first, ..] if *first >= 0x80 => Err(FormatError::Damaged),
        number => Ok(number),
    }
}
