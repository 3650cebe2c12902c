//! System calls of 64-bit Arm (`syscall(2)`), the entry point, and the routines on memory that
//! compiled code calls.

use core::arch::{asm, global_asm};

// The stack pointer at the start is what `begin` reads: number of arguments, arguments, environment.
global_asm!(
    ".globl _start",
    "_start:",
    "mov x29, xzr",
    "mov x30, xzr",
    "mov x0, sp",
    "and sp, x0, #-16",
    "bl {begin}",
    "udf #0",
    begin = sym super::begin,
);

// Sixteen bytes at a time, then one by one.
global_asm!(
    ".globl memcpy, memmove, memset",
    "memmove:",
    "sub x3, x0, x1",
    "cmp x3, x2",
    "b.hs memcpy",
    "1: cbz x2, 2f",
    "sub x2, x2, #1",
    "ldrb w4, [x1, x2]",
    "strb w4, [x0, x2]",
    "b 1b",
    "2: ret",
    "memcpy:",
    "mov x3, x0",
    "1: cmp x2, #16",
    "b.lo 2f",
    "ldp x4, x5, [x1], #16",
    "stp x4, x5, [x3], #16",
    "sub x2, x2, #16",
    "b 1b",
    "2: cbz x2, 3f",
    "ldrb w4, [x1], #1",
    "strb w4, [x3], #1",
    "sub x2, x2, #1",
    "b 2b",
    "3: ret",
    "memset:",
    "mov x3, x0",
    "1: cbz x2, 2f",
    "strb w1, [x3], #1",
    "sub x2, x2, #1",
    "b 1b",
    "2: ret",
);

/// Calls the kernel.
///
/// # Safety
///
/// What the call does to memory must be sound: pointers among the arguments are valid for it.
pub(super) unsafe fn call(number: usize, arguments: [usize; 6]) -> isize {
    let [first, second, third, fourth, fifth, sixth] = arguments;
    let result;
    // SAFETY: the registers are those of the calling convention; the caller vouches for the call.
    unsafe {
        asm!(
            "svc #0",
            in("x8") number,
            inlateout("x0") first => result,
            in("x1") second,
            in("x2") third,
            in("x3") fourth,
            in("x4") fifth,
            in("x5") sixth,
            options(nostack),
        );
    }
    result
}

pub(super) const FCNTL: usize = 25;
pub(super) const IOCTL: usize = 29;
pub(super) const CLOSE: usize = 57;
pub(super) const READ: usize = 63;
pub(super) const WRITE: usize = 64;
pub(super) const PPOLL: usize = 73;
pub(super) const EXIT_GROUP: usize = 94;
pub(super) const CLOCK_GETTIME: usize = 113;
pub(super) const RT_SIGACTION: usize = 134;
pub(super) const SOCKET: usize = 198;
pub(super) const CONNECT: usize = 203;
pub(super) const SENDTO: usize = 206;
pub(super) const RECVFROM: usize = 207;
pub(super) const MMAP: usize = 222;
pub(super) const GETRANDOM: usize = 278;
