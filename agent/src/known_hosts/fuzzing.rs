//! What holds for any bytes as a file of known hosts.

use std::path::Path;

use keystay_proto::control::Hosts;

use super::{KnownHosts, entry::Entry};

/// A line that is read is written so that it reads as the same, and so is every line that a build is told.
///
/// # Panics
///
/// Where that does not hold.
#[must_use]
pub fn known_hosts(bytes: &[u8]) -> bool {
    let known = read(&String::from_utf8_lossy(bytes));
    for entry in &known.entries {
        let line = entry.line(&entry.names);
        let plain = Entry {
            place: None,
            ..entry.clone()
        };
        assert_eq!(Entry::parse(line.trim_end()), Ok(Some(plain)));
    }
    let hosts = ["git.example.com", "[git.example.com]:2222"].map(str::to_owned);
    for granted in [Hosts::Known, Hosts::Only(hosts.into())] {
        let told = known.for_grant(&granted, || SALT);
        assert!(read(&told).notes().is_empty(), "{told}");
    }
    !known.entries.is_empty()
}

fn read(text: &str) -> KnownHosts {
    KnownHosts::parse(text, Path::new("known_hosts"))
}

const SALT: [u8; 20] = [7; 20];
