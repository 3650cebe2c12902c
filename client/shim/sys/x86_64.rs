//! System calls of x86-64 (`syscall(2)`), the entry point, and the routines on memory that compiled
//! code calls.

use core::arch::{asm, global_asm};

// The stack pointer at the start is what `begin` reads: number of arguments, arguments, environment.
global_asm!(
    ".globl _start",
    "_start:",
    "xor ebp, ebp",
    "mov rdi, rsp",
    "and rsp, -16",
    "call {begin}",
    "ud2",
    begin = sym super::begin,
);

// The direction flag is clear at every call (System V ABI).
global_asm!(
    ".globl memcpy, memmove, memset",
    "memmove:",
    "mov rax, rdi",
    "sub rax, rsi",
    "cmp rax, rdx",
    "mov rax, rdi",
    "jae memcpy",
    "mov rcx, rdx",
    "lea rdi, [rdi + rdx - 1]",
    "lea rsi, [rsi + rdx - 1]",
    "std",
    "rep movsb",
    "cld",
    "ret",
    "memcpy:",
    "mov rax, rdi",
    "mov rcx, rdx",
    "rep movsb",
    "ret",
    "memset:",
    "mov r8, rdi",
    "mov eax, esi",
    "mov rcx, rdx",
    "rep stosb",
    "mov rax, r8",
    "ret",
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
            "syscall",
            inlateout("rax") number => result,
            in("rdi") first,
            in("rsi") second,
            in("rdx") third,
            in("r10") fourth,
            in("r8") fifth,
            in("r9") sixth,
            lateout("rcx") _,
            lateout("r11") _,
            options(nostack),
        );
    }
    result
}

pub(super) const READ: usize = 0;
pub(super) const WRITE: usize = 1;
pub(super) const CLOSE: usize = 3;
pub(super) const MMAP: usize = 9;
pub(super) const RT_SIGACTION: usize = 13;
pub(super) const IOCTL: usize = 16;
pub(super) const SOCKET: usize = 41;
pub(super) const CONNECT: usize = 42;
pub(super) const SENDTO: usize = 44;
pub(super) const RECVFROM: usize = 45;
pub(super) const FCNTL: usize = 72;
pub(super) const CLOCK_GETTIME: usize = 228;
pub(super) const EXIT_GROUP: usize = 231;
pub(super) const PPOLL: usize = 271;
pub(super) const GETRANDOM: usize = 318;
