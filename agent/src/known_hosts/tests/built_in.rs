//! Keys that hosts publish.

use super::*;

#[test]
fn built_in_keys_are_those_that_the_hosts_publish() {
    let entries = builtin::entries().collect::<Vec<_>>();
    let shown = entries
        .iter()
        .map(|(host, entry)| (*host, Fingerprint::of(&entry.key).to_string()));
    let published = PUBLISHED
        .iter()
        .map(|(host, print)| (*host, format!("SHA256:{print}")));
    assert_eq!(shown.collect::<Vec<_>>(), published.collect::<Vec<_>>());
    assert!(
        entries
            .iter()
            .all(|(host, entry)| entry.names.matches(host))
    );
}

#[test]
fn own_lines_about_a_host_win_over_built_in_ones() {
    let own = hashed_by_ssh_keygen(&format!("github.com {ED25519}"));
    let known = parse(&own).with_builtin();
    let built_in = blob(
        builtin_line("github.com", "ssh-ed25519")
            .split_once(' ')
            .unwrap()
            .1,
    );
    assert_eq!(
        known.host_of(&shown(&built_in), &only(&["github.com"])),
        None
    );
    assert!(
        known
            .host_of(&shown(&blob(ED25519)), &only(&["github.com"]))
            .is_some()
    );
    let gitlab = blob(
        builtin_line("gitlab.com", "ssh-ed25519")
            .split_once(' ')
            .unwrap()
            .1,
    );
    assert!(
        known
            .host_of(&shown(&gitlab), &only(&["gitlab.com"]))
            .is_some()
    );
}

#[test]
fn an_authority_of_all_hosts_does_not_hide_built_in_keys() {
    let known = parse(&format!("@cert-authority * {ED25519}\n")).with_builtin();
    let key = blob(
        builtin_line("github.com", "ssh-ed25519")
            .split_once(' ')
            .unwrap()
            .1,
    );
    assert!(
        known
            .host_of(&shown(&key), &only(&["github.com"]))
            .is_some()
    );
}

#[test]
fn a_built_in_key_that_is_revoked_belongs_to_no_host() {
    let line = builtin_line("github.com", "ssh-ed25519");
    let known = parse(&format!("@revoked {line}\n")).with_builtin();
    let key = blob(line.split_once(' ').unwrap().1);
    assert_eq!(known.host_of(&shown(&key), &only(&["github.com"])), None);
    assert_eq!(known.host_of(&shown(&key), &Hosts::Known), None);
}

/// The fingerprints that the hosts publish.
const PUBLISHED: &[(&str, &str)] = &[
    ("github.com", "+DiY3wvvV6TuJJhbpZisF/zLDA0zPMSvHdkr4UvCOqU"),
    ("github.com", "p2QAMXNIC1TJYWeIOttrVc98/R1BUFWu3/LiyKgUfQM"),
    ("github.com", "uNiVztksCsDhcc0u9e8BujQXVUpKZIDTMczCvj3tD2s"),
    ("gitlab.com", "eUXGGm1YGsMAS7vkcx6JOJdOGHPem5gQp4taiCfCLB8"),
    ("gitlab.com", "HbW3g8zUjNSksFbqTiUWPWg2Bq1x8xdGUrliXFzSnUw"),
    ("gitlab.com", "ROQFvPThGrW4RuWLoL9tq9I9zJ42fK4XywyRtbOz/EQ"),
    (
        "bitbucket.org",
        "ybgmFkzwOSotHTHLJgHO0QN8L0xErw6vd0VhFA9m3SM",
    ),
    (
        "bitbucket.org",
        "FC73VB6C4OQLSCrjEayhMp9UMxS97caD/Yyi2bhW/J0",
    ),
    (
        "bitbucket.org",
        "46OSHA1Rmj8E8ERTC6xkNcmGOw9oFxYr0WF6zWW8l1E",
    ),
    (
        "ssh.dev.azure.com",
        "ohD8VZEXGWo6Ez8GSEJQ9WpafgLFsOfLOtGGQCQo6Og",
    ),
    (
        "codeberg.org",
        "mIlxA9k46MmM6qdJOdMnAQpzGxF4WIVVL+fj+wZbw0g",
    ),
    (
        "codeberg.org",
        "T9FYDEHELhVkulEKKwge5aVhVTbqCW0MIRwAfpARs/E",
    ),
    (
        "codeberg.org",
        "6QQmYi4ppFS4/+zSZ5S4IU+4sa6rwvQ4PbhCtPEBekQ",
    ),
];
