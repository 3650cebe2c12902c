//! Memory: where buffers come from, and what compiled code expects a C library to have.

use core::{ptr, slice};

use super::{Errno, map};

/// `length` bytes of zeroes, for as long as the program runs.
pub(crate) fn memory(length: usize) -> Result<&'static mut [u8], Errno> {
    let start = map(length)?;
    // SAFETY: the kernel made these `length` bytes for this call alone, and they are never unmapped.
    Ok(unsafe { slice::from_raw_parts_mut(start, length) })
}

/// `memcmp(3)`
///
/// # Safety
///
/// Both pointers are valid for `length` bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn memcmp(left: *const u8, right: *const u8, length: usize) -> i32 {
    let mut position = 0;
    while position < length {
        // SAFETY: `position` is below `length`. Volatile, or the loop would be compiled to a call of
        // itself.
        let (one, other) = unsafe {
            (
                ptr::read_volatile(left.add(position)),
                ptr::read_volatile(right.add(position)),
            )
        };
        if one != other {
            return i32::from(one).wrapping_sub(i32::from(other));
        }
        position = position.wrapping_add(1);
    }
    0
}

/// `bcmp(3)`
///
/// # Safety
///
/// As for [`memcmp`].
#[unsafe(no_mangle)]
unsafe extern "C" fn bcmp(left: *const u8, right: *const u8, length: usize) -> i32 {
    // SAFETY: the caller's promise is the same.
    unsafe { memcmp(left, right, length) }
}

/// `strlen(3)`
///
/// # Safety
///
/// A zero ends the bytes at `text`.
#[unsafe(no_mangle)]
unsafe extern "C" fn strlen(text: *const u8) -> usize {
    let mut length: usize = 0;
    // SAFETY: nothing beyond the first zero is read. Volatile for the reason in `memcmp`.
    while unsafe { ptr::read_volatile(text.add(length)) } != 0 {
        length = length.wrapping_add(1);
    }
    length
}
