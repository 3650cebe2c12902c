//! Descriptors that a process got from the one that started it.

use std::{fs, io, os::fd::RawFd};

use nix::unistd::close;
use rustix::process::{Resource, getrlimit};

/// Closes all but the standard streams, as whoever left them open waits for their end or wants them back.
/// It comes before anything else: nothing of this process's own is open yet.
pub(crate) fn close_inherited() {
    for descriptor in listed().unwrap_or_else(|_| possible()) {
        // That of the listing itself is gone already.
        let _ = close(descriptor);
    }
}

fn listed() -> io::Result<Vec<RawFd>> {
    let entries = fs::read_dir("/dev/fd")?.flatten();
    let numbers = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    Ok(numbers.filter(|number| *number >= FIRST).collect())
}

/// Where the system lists none.
fn possible() -> Vec<RawFd> {
    let limit = getrlimit(Resource::Nofile).current;
    let limit = limit.and_then(|limit| RawFd::try_from(limit).ok());
    (FIRST..limit.unwrap_or(MOST).min(MOST)).collect()
}

/// The first after standard input, output and error.
const FIRST: RawFd = 3;
const MOST: RawFd = 65_536;
