//! What a pipe has room for.

use super::{Descriptor, check, machine};

/// How many bytes a descriptor that was found writable takes without blocking, as long as nobody else
/// writes to it: as much as a pipe holds when it is empty, and else `PIPE_BUF`.
pub(crate) fn room(to: Descriptor) -> usize {
    match (capacity(to), unread(to)) {
        (Some(capacity), Some(0)) => capacity.max(PIPE_BUF),
        _ => PIPE_BUF,
    }
}

fn capacity(pipe: Descriptor) -> Option<usize> {
    let arguments = [pipe.0 as usize, F_GETPIPE_SZ, 0, 0, 0, 0];
    // SAFETY: no pointers.
    check(unsafe { machine::call(machine::FCNTL, arguments) }).ok()
}

fn unread(pipe: Descriptor) -> Option<i32> {
    let mut count = 0_i32;
    let place = (&raw mut count) as usize;
    // SAFETY: the kernel writes the one number at `place`.
    check(unsafe { machine::call(machine::IOCTL, [pipe.0 as usize, FIONREAD, place, 0, 0, 0]) })
        .ok()?;
    Some(count)
}

const PIPE_BUF: usize = 4096;
const F_GETPIPE_SZ: usize = 1032;
const FIONREAD: usize = 0x541b;
