//! Which hosts a build may ask for, looked up once each.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use crate::known_hosts::KnownHosts;

/// What is known of the hosts that a build has asked for, by the names that `known_hosts` has for them.
///
/// A hashed line is found by hashing with its salt, so that a file of ten thousands of them takes milliseconds: a
/// build has that done once for a host, and for [`MAX_HOSTS`] in all.
#[derive(Debug)]
pub(super) struct Hosts {
    known_hosts: Arc<KnownHosts>,
    asked: Mutex<HashMap<String, bool>>,
}

impl Hosts {
    pub(super) fn new(known_hosts: Arc<KnownHosts>) -> Self {
        Self {
            known_hosts,
            asked: Mutex::default(),
        }
    }

    /// Whether there is anything by which the host can be known. For a build that has asked for too many, no other is.
    pub(super) fn is_known(&self, name: &str) -> bool {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = asked.get(name) {
            return *known;
        }
        if asked.len() >= MAX_HOSTS {
            return false;
        }
        let known = self.known_hosts.is_known(name);
        asked.insert(name.to_owned(), known);
        known
    }
}

/// More than any build has, with the misspelt ones.
const MAX_HOSTS: usize = 256;

#[cfg(test)]
mod tests {
    use std::{fmt::Write as _, path::Path};

    use super::*;

    const KEY: &str = "AAAAC3NzaC1lZDI1NTE5AAAAIDcn8OafYMjEOx04ai5iVwcXdUZUXKdRKRxKKbLTU6hd";

    fn hosts(names: &[&str]) -> Hosts {
        let mut text = String::new();
        for name in names {
            let _ = writeln!(text, "{name} ssh-ed25519 {KEY}");
        }
        let known_hosts = KnownHosts::parse(&text, Path::new("known_hosts"));
        Hosts::new(Arc::new(known_hosts))
    }

    #[test]
    fn what_was_found_of_a_host_stays() {
        let hosts = hosts(&["a", "[b]:2222"]);
        for _ in 0..2 {
            assert!(hosts.is_known("a") && hosts.is_known("[b]:2222"));
            assert!(!hosts.is_known("b") && !hosts.is_known("c"));
        }
    }

    #[test]
    fn a_build_that_asks_for_host_after_host_is_told_of_no_other() {
        let hosts = hosts(&["a", "z"]);
        assert!(hosts.is_known("a"));
        for number in 0..100_000 {
            assert!(!hosts.is_known(&format!("no.{number}")));
        }
        assert!(
            hosts.is_known("a"),
            "what it has asked for it may go on with"
        );
        assert!(!hosts.is_known("z"));
        assert_eq!(hosts.asked.lock().unwrap().len(), MAX_HOSTS);
    }
}
