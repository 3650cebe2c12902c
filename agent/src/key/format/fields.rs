//! Reading the data types of RFC 4251 §5.

use super::FormatError;

/// The rest of a structure, read field by field. A field that does not fit is damage.
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn u32(&mut self) -> Result<u32, FormatError> {
        let (number, rest) = self.0.split_first_chunk().ok_or(FormatError::Damaged)?;
        self.0 = rest;
        Ok(u32::from_be_bytes(*number))
    }

    pub(super) fn string(&mut self) -> Result<&'a [u8], FormatError> {
        let len = usize::try_from(self.u32()?).map_err(|_| FormatError::Damaged)?;
        let (string, rest) = self.0.split_at_checked(len).ok_or(FormatError::Damaged)?;
        self.0 = rest;
        Ok(string)
    }

    /// A positive `mpint`, without leading zeros.
    pub(super) fn number(&mut self) -> Result<&'a [u8], FormatError> {
        match self.string()? {
            [0, rest @ ..] => Ok(rest),
            [first, ..] if *first >= 0x80 => Err(FormatError::Damaged),
            number => Ok(number),
        }
    }
}
