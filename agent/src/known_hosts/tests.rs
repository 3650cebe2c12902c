mod built_in;
mod files;
mod names;
mod told;

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use keystay_proto::{Fingerprint, control::Hosts};
use tempfile::TempDir;

use super::{Check, KnownHosts, ShownKey, builtin, entry::LineFault, list::Fault};

#[test]
fn a_key_belongs_to_the_first_granted_host_that_has_it() {
    let text = format!("git.example {ED25519}\n*.corp.example,!no.corp.example {ECDSA}\n");
    let known = parse(&text);
    let granted = only(&[
        "other.example",
        "no.corp.example",
        "Git.Example",
        "a.corp.example",
    ]);
    assert_eq!(
        known.host_of(&shown(&blob(ED25519)), &granted).as_deref(),
        Some("Git.Example")
    );
    assert_eq!(
        known.host_of(&shown(&blob(ECDSA)), &granted).as_deref(),
        Some("a.corp.example")
    );
    assert_eq!(known.host_of(&shown(b"another key"), &granted), None);
    assert_eq!(
        known.host_of(&shown(&blob(ED25519)), &only(&["a.corp.example"])),
        None
    );
    assert_eq!(known.host_of(&shown(&blob(ED25519)), &only(&[])), None);
}

#[test]
fn a_key_is_looked_for_once_in_a_long_file() {
    let blob = |number: u32| {
        let mut blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20".to_vec();
        blob.extend(number.to_be_bytes().repeat(8));
        blob
    };
    let line = |number| {
        let key = STANDARD.encode(blob(number));
        format!("h{number}.example ssh-ed25519 {key}\n")
    };
    let known = parse(&(0..20_000).map(line).collect::<Vec<_>>().concat());
    let began = Instant::now();
    for _ in 0..50 {
        assert_eq!(known.host_of(&shown(&blob(20_000)), &Hosts::Known), None);
        let last = known.host_of(&shown(&blob(19_999)), &Hosts::Known);
        assert_eq!(last.as_deref(), Some("h19999.example"));
    }
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn a_revoked_key_belongs_to_no_host_that_it_is_revoked_for() {
    let own = format!("git.example,other.example {ED25519}\n");
    let one = parse(&format!("{own}@revoked git.example {ED25519}\n"));
    let both = only(&["git.example", "other.example"]);
    assert_eq!(
        one.host_of(&shown(&blob(ED25519)), &both).as_deref(),
        Some("other.example")
    );
    assert_eq!(
        one.host_of(&shown(&blob(ED25519)), &Hosts::Known)
            .as_deref(),
        Some("other.example")
    );
    let all = parse(&format!("{own}@revoked * {ED25519}\n"));
    assert_eq!(all.host_of(&shown(&blob(ED25519)), &both), None);
    assert_eq!(all.host_of(&shown(&blob(ED25519)), &Hosts::Known), None);
}

#[test]
fn a_key_revoked_anywhere_belongs_to_no_host_without_a_name() {
    let pattern = format!("*.example {ED25519}\n@revoked git.example {ED25519}\n");
    let hashed = hashed_by_ssh_keygen(&format!("git.example {ED25519}"));
    let hashed = format!("{hashed}\n@revoked elsewhere.example {ED25519}\n");
    for text in [pattern, hashed] {
        assert_eq!(
            parse(&text).host_of(&shown(&blob(ED25519)), &Hosts::Known),
            None,
            "{text}"
        );
    }
}

#[test]
fn the_key_of_an_authority_is_no_host_key() {
    let known = parse(&format!("@cert-authority * {ED25519}\n"));
    assert_eq!(
        known.host_of(&shown(&blob(ED25519)), &only(&["git.example"])),
        None
    );
    assert_eq!(known.host_of(&shown(&blob(ED25519)), &Hosts::Known), None);
}

#[test]
fn a_known_key_is_told_by_a_name_where_there_is_one() {
    let hashed = hashed_by_ssh_keygen(&format!("git.example {ED25519}"));
    let cases = [
        (
            format!("!a,*.b,Git.Example,10.0.0.1 {ED25519}"),
            "git.example",
        ),
        (format!("*.example {ED25519}"), "*.example"),
        (hashed.clone(), "a known host (hashed)"),
        (format!("{hashed}\ngit.example {ECDSA}"), "git.example"),
    ];
    for (text, name) in cases {
        let host = parse(&text).host_of(&shown(&blob(ED25519)), &Hosts::Known);
        assert_eq!(host.as_deref(), Some(name), "{text}");
    }
    assert_eq!(
        parse(&hashed).host_of(&shown(&blob(ECDSA)), &Hosts::Known),
        None
    );
    let none = parse(&format!("!git.example {ED25519}"));
    assert_eq!(none.host_of(&shown(&blob(ED25519)), &Hosts::Known), None);
}

#[test]
fn a_hashed_line_of_a_large_host_is_told_by_its_name() {
    let line = builtin_line("github.com", "ssh-ed25519");
    let known = parse(&hashed_by_ssh_keygen(&line));
    let key = blob(line.split_once(' ').unwrap().1);
    assert_eq!(
        known.host_of(&shown(&key), &Hosts::Known).as_deref(),
        Some("github.com")
    );
}

#[test]
fn a_host_is_checked_against_its_own_lines() {
    let hashed = hashed_by_ssh_keygen(&format!("hashed.example {ED25519}"));
    let known = parse(&format!(
        "git.example,*.corp.example {ED25519}\n{hashed}\n[git.example]:2222 {ECDSA}\n\
         both.example {ECDSA}\nboth.example {ED25519}\n@cert-authority ca.example {ED25519}\n"
    ));
    let changed = |line: u32| {
        let known = format!("known_hosts:{line}");
        Check::Changed { known }
    };
    for (host, key, expected) in [
        ("git.example", ED25519, Check::Match),
        ("Git.Example", ED25519, Check::Match),
        ("a.corp.example", ED25519, Check::Match),
        ("hashed.example", ED25519, Check::Match),
        ("both.example", ECDSA, Check::Match),
        ("[git.example]:2222", ECDSA, Check::Match),
        ("[git.example]:2222", ED25519, changed(3)),
        ("[hashed.example]:99", ED25519, Check::Match),
        ("[hashed.example]:99", ECDSA, Check::Unknown),
        ("git.example", ECDSA, changed(1)),
        ("hashed.example", ECDSA, changed(2)),
        ("other.example", ED25519, Check::Unknown),
        ("ca.example", ED25519, Check::Unknown),
    ] {
        assert_eq!(known.check(host, &shown(&blob(key))), expected, "{host}");
    }
    let mut other = blob(ED25519);
    *other.last_mut().unwrap() ^= 1;
    assert_eq!(known.check("both.example", &shown(&other)), changed(5));
    assert_eq!(
        known.key_types("both.example"),
        ["ecdsa-sha2-nistp256", "ssh-ed25519"]
    );
    assert_eq!(known.key_types("[hashed.example]:99"), ["ssh-ed25519"]);
    assert!(known.key_types("ca.example").is_empty());
}

#[test]
fn a_revoked_key_is_told_before_a_known_one() {
    let known = parse(&format!(
        "git.example {ED25519}\n@revoked git.* {ED25519}\n@revoked git.* {ECDSA}\n"
    ));
    let revoked = |line: u32| {
        let known = format!("known_hosts:{line}");
        Check::Revoked { known }
    };
    assert_eq!(
        known.check("git.example", &shown(&blob(ED25519))),
        revoked(2)
    );
    assert_eq!(
        known.check("[git.example]:22", &shown(&blob(ED25519))),
        revoked(2)
    );
    assert_eq!(known.check("git.other", &shown(&blob(ECDSA))), revoked(3));
}

#[test]
fn a_changed_key_of_a_large_host_is_told_by_the_built_in_list() {
    let known = KnownHosts::default().with_builtin();
    let known_by = Check::Changed {
        known: "the built-in list".to_owned(),
    };
    assert_eq!(known.check("github.com", &shown(&blob(ED25519))), known_by);
}

fn parse(text: &str) -> KnownHosts {
    KnownHosts::parse(text, Path::new("known_hosts"))
}

fn only(hosts: &[&str]) -> Hosts {
    Hosts::Only(hosts.iter().map(|host| (*host).to_owned()).collect())
}

/// The key of a line of `type base64`.
fn blob(line: &str) -> Vec<u8> {
    parse(&format!("x {line}")).entries.remove(0).key
}

fn key_text(line: &str) -> &str {
    line.split_once(' ').unwrap().1
}

fn builtin_line(host: &str, kind: &str) -> String {
    let (_, entry) = builtin::entries()
        .find(|(name, entry)| *name == host && keystay_proto::algorithm(&entry.key) == Some(kind))
        .unwrap();
    entry.line(&entry.names).trim_end().to_owned()
}

/// The numbers of the lines that OpenSSH finds for a host.
fn found_by_ssh_keygen(text: &str, host: &str) -> Vec<usize> {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("known_hosts");
    fs::write(&file, text).unwrap();
    let output = Command::new("ssh-keygen")
        .arg("-F")
        .arg(host)
        .arg("-f")
        .arg(&file)
        .output();
    let output = output.expect("ssh-keygen, of the package openssh-client, runs");
    let output = String::from_utf8(output.stdout).unwrap();
    let found = output
        .lines()
        .filter_map(|line| line.split_once(" found: line "));
    found
        .map(|(_, rest)| rest.split(' ').next().unwrap().parse().unwrap())
        .collect()
}

/// A line with its name hashed by OpenSSH.
fn hashed_by_ssh_keygen(line: &str) -> String {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("known_hosts");
    fs::write(&file, format!("{line}\n")).unwrap();
    let status = Command::new("ssh-keygen")
        .arg("-H")
        .arg("-f")
        .arg(&file)
        .output();
    assert!(
        status
            .expect("ssh-keygen, of the package openssh-client, runs")
            .status
            .success()
    );
    fs::read_to_string(&file).unwrap().trim_end().to_owned()
}

/// Keys made for these tests; their private halves are gone.
const ED25519: &str =
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIDcn8OafYMjEOx04ai5iVwcXdUZUXKdRKRxKKbLTU6hd";
const ECDSA: &str = "ecdsa-sha2-nistp256 AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBEMJMpjit2LctNMBZjM76El4zX2UiFQ/2fE1XpIyDgjkgaJkHJNWtR2rdHjTLcBc+uPadYOMMO2N+59dVmk2TWQ=";

fn shown(key: &[u8]) -> ShownKey {
    ShownKey::new(key, SystemTime::now())
}
