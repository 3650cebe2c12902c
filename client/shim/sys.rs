//! The kernel's side: everything here that is `unsafe`, and nothing that decides anything.

#![expect(
    unsafe_code,
    reason = "system calls and the initial stack; the rest of the program is safe"
)]
#![expect(
    clippy::as_conversions,
    clippy::cast_sign_loss,
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    reason = "arguments and results of system calls are machine words"
)]

#[cfg_attr(target_arch = "x86_64", path = "sys/x86_64.rs")]
#[cfg_attr(target_arch = "aarch64", path = "sys/aarch64.rs")]
mod machine;
mod memory;
mod pipe;
mod start;

use core::ptr;

pub(crate) use memory::memory;
pub(crate) use pipe::room;
pub(crate) use start::Start;
use start::begin;

/// An open file, by its number.
#[derive(Clone, Copy)]
pub(crate) struct Descriptor(i32);

impl Descriptor {
    /// Standard input.
    pub(crate) const INPUT: Self = Self(0);
    /// Standard output.
    pub(crate) const OUTPUT: Self = Self(1);
    /// Standard error.
    pub(crate) const ERROR: Self = Self(2);
}

/// An error number (`errno(3)`).
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Errno(pub(crate) i32);

impl Errno {
    /// No such file or directory.
    pub(crate) const NOENT: Self = Self(2);
    /// Interrupted.
    pub(crate) const INTR: Self = Self(4);
    /// Try again.
    pub(crate) const AGAIN: Self = Self(11);
    /// Permission denied.
    pub(crate) const ACCES: Self = Self(13);
    /// Nobody listens.
    pub(crate) const CONNREFUSED: Self = Self(111);
}

/// A connected socket, closed when it is dropped.
pub(crate) struct Socket(Descriptor);

impl Socket {
    /// Connects to the Unix socket at `path`; never blocks.
    pub(crate) fn connect(path: &[u8]) -> Result<Self, Errno> {
        let mut address = [0_u8; ADDRESS_LENGTH];
        let family = AF_UNIX.to_ne_bytes();
        for (to, from) in address.iter_mut().zip(family.iter().chain(path)) {
            *to = *from;
        }
        // SAFETY: no pointers.
        let number = check(unsafe {
            machine::call(
                machine::SOCKET,
                [usize::from(AF_UNIX), SOCK_FLAGS, 0, 0, 0, 0],
            )
        })?;
        let socket = Self(Descriptor(number as i32));
        let (start, length) = (address.as_ptr() as usize, address.len());
        // SAFETY: the kernel reads `length` bytes of `address`, which lives until then.
        check(unsafe { machine::call(machine::CONNECT, [number, start, length, 0, 0, 0]) })?;
        Ok(socket)
    }

    /// Sends some of `bytes` without waiting.
    pub(crate) fn send(&self, bytes: &[u8]) -> Result<usize, Errno> {
        let arguments = [
            self.0.0 as usize,
            bytes.as_ptr() as usize,
            bytes.len(),
            MSG_DONTWAIT | MSG_NOSIGNAL,
            0,
            0,
        ];
        // SAFETY: the kernel reads `bytes`; there is no address.
        check(unsafe { machine::call(machine::SENDTO, arguments) })
    }

    /// Receives into `buffer` without waiting; zero bytes are the end.
    pub(crate) fn receive(&self, buffer: &mut [u8]) -> Result<usize, Errno> {
        let arguments = [
            self.0.0 as usize,
            buffer.as_mut_ptr() as usize,
            buffer.len(),
            MSG_DONTWAIT,
            0,
            0,
        ];
        // SAFETY: the kernel writes within `buffer`; there is no address.
        check(unsafe { machine::call(machine::RECVFROM, arguments) })
    }

    /// Its descriptor, to be watched.
    pub(crate) fn descriptor(&self) -> Descriptor {
        self.0
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // SAFETY: no pointers; nobody else closes this descriptor.
        unsafe { machine::call(machine::CLOSE, [self.0.0 as usize, 0, 0, 0, 0, 0]) };
    }
}

/// Reads into `buffer`; zero bytes are the end.
pub(crate) fn read(from: Descriptor, buffer: &mut [u8]) -> Result<usize, Errno> {
    let arguments = [
        from.0 as usize,
        buffer.as_mut_ptr() as usize,
        buffer.len(),
        0,
        0,
        0,
    ];
    // SAFETY: the kernel writes within `buffer`.
    check(unsafe { machine::call(machine::READ, arguments) })
}

/// Writes some of `bytes`.
pub(crate) fn write(to: Descriptor, bytes: &[u8]) -> Result<usize, Errno> {
    let arguments = [to.0 as usize, bytes.as_ptr() as usize, bytes.len(), 0, 0, 0];
    // SAFETY: the kernel reads `bytes`.
    check(unsafe { machine::call(machine::WRITE, arguments) })
}

/// What is waited for on a descriptor, and what was found (`struct pollfd` of `poll(2)`).
#[repr(C)]
#[derive(Clone, Copy)]
pub(crate) struct Watch {
    descriptor: i32,
    wanted: i16,
    found: i16,
}

impl Watch {
    /// Watches nothing.
    pub(crate) const NOTHING: Self = Self {
        descriptor: -1,
        wanted: 0,
        found: 0,
    };

    /// Watches until there is something to read.
    pub(crate) fn readable(descriptor: Descriptor) -> Self {
        Self {
            descriptor: descriptor.0,
            wanted: POLLIN,
            found: 0,
        }
    }

    /// Watches until something can be written.
    pub(crate) fn writable(descriptor: Descriptor) -> Self {
        Self {
            descriptor: descriptor.0,
            wanted: POLLOUT,
            found: 0,
        }
    }

    /// Whether anything was found.
    pub(crate) fn is_ready(self) -> bool {
        self.found != 0
    }
}

/// Waits until something is found or `milliseconds` have passed.
pub(crate) fn poll(watches: &mut [Watch], milliseconds: u64) {
    let time = [milliseconds / 1000, milliseconds % 1000 * 1_000_000];
    let arguments = [
        watches.as_mut_ptr() as usize,
        watches.len(),
        time.as_ptr() as usize,
        0,
        0,
        0,
    ];
    // SAFETY: the kernel reads and writes within `watches` and `time`, which have its layout.
    unsafe { machine::call(machine::PPOLL, arguments) };
}

/// The time that has passed since some moment, in milliseconds.
pub(crate) fn now() -> u64 {
    let mut time = [0_u64; 2];
    let arguments = [CLOCK_MONOTONIC, time.as_mut_ptr() as usize, 0, 0, 0, 0];
    // SAFETY: the kernel writes the two words of `time`.
    unsafe { machine::call(machine::CLOCK_GETTIME, arguments) };
    let [seconds, nanoseconds] = time;
    seconds
        .wrapping_mul(1000)
        .wrapping_add(nanoseconds / 1_000_000)
}

/// Random bytes from the kernel.
pub(crate) fn random() -> Result<[u8; 16], Errno> {
    let mut bytes = [0_u8; 16];
    let arguments = [bytes.as_mut_ptr() as usize, bytes.len(), 0, 0, 0, 0];
    // SAFETY: the kernel writes within `bytes`. So few bytes are never cut short.
    check(unsafe { machine::call(machine::GETRANDOM, arguments) })?;
    Ok(bytes)
}

/// Makes a write to a closed pipe an error instead of the end of the program.
pub(crate) fn ignore_broken_pipes() {
    let action = [SIG_IGN, 0, 0, 0];
    let arguments = [SIGPIPE, action.as_ptr() as usize, 0, SIGSET_LENGTH, 0, 0];
    // SAFETY: the kernel reads the four words of `action`, and no handler is installed.
    unsafe { machine::call(machine::RT_SIGACTION, arguments) };
}

/// Ends the program.
pub(crate) fn exit(status: u8) -> ! {
    loop {
        // SAFETY: no pointers.
        unsafe { machine::call(machine::EXIT_GROUP, [usize::from(status), 0, 0, 0, 0, 0]) };
    }
}

/// `length` bytes of zeroes that nobody else has.
fn map(length: usize) -> Result<*mut u8, Errno> {
    let arguments = [
        0,
        length,
        PROT_READ_WRITE,
        MAP_PRIVATE_ANONYMOUS,
        usize::MAX,
        0,
    ];
    // SAFETY: the kernel chooses an address that is free.
    let start = check(unsafe { machine::call(machine::MMAP, arguments) })?;
    Ok(ptr::with_exposed_provenance_mut(start))
}

/// A result as the kernel returns it: -4095 to -1 are errors.
fn check(result: isize) -> Result<usize, Errno> {
    if (-4095..0).contains(&result) {
        return Err(Errno(result.wrapping_neg() as i32));
    }
    Ok(result as usize)
}

const AF_UNIX: u16 = 1;
/// `struct sockaddr_un`, with a path of up to 107 bytes and its final zero.
const ADDRESS_LENGTH: usize = 110;
/// `SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC`
const SOCK_FLAGS: usize = 0o2_004_001;
const MSG_DONTWAIT: usize = 0x40;
const MSG_NOSIGNAL: usize = 0x4000;
const POLLIN: i16 = 1;
const POLLOUT: i16 = 4;
const CLOCK_MONOTONIC: usize = 1;
const SIGPIPE: usize = 13;
const SIG_IGN: usize = 1;
const SIGSET_LENGTH: usize = 8;
const PROT_READ_WRITE: usize = 3;
const MAP_PRIVATE_ANONYMOUS: usize = 0x22;
