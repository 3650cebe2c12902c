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
fn the_lines_about_a_host_are_those_that_ssh_keygen_finds() {
    let mut lines = LINES.map(with_keys).to_vec();
    lines.push(hashed_by_ssh_keygen(&format!("secret.example {ED25519}")));
    lines.push(hashed_by_ssh_keygen(&format!(
        "[secret.example]:2222 {ED25519}"
    )));
    let file = lines.join("\n") + "\n";
    for host in ASKED {
        let ours = (1..).zip(&lines).filter(|(_, line)| is_about(line, host));
        let ours: Vec<usize> = ours.map(|(number, _)| number).collect();
        assert_eq!(ours, found_by_ssh_keygen(&file, host), "{host}");
    }
}

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
fn another_port_is_another_host() {
    let known = parse(&format!("[git.example]:2222 {ED25519}\n"));
    assert_eq!(
        known.host_of(&shown(&blob(ED25519)), &only(&["git.example"])),
        None
    );
    let granted = only(&["[git.example]:2222"]);
    assert_eq!(
        known.host_of(&shown(&blob(ED25519)), &granted).as_deref(),
        Some("[git.example]:2222")
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

#[test]
fn lines_that_cannot_be_understood_are_noted_and_the_others_count() {
    let text = format!(
        "\n  # comment\n@nonsense a {ED25519}\n@revoked\na\na ssh-ed25519\n|1|x|y {ED25519}\n\
         |2|x {ED25519}\na ssh-ed25519 !!!\na ssh-rsa {}\na 1024 35 1234\n\t git.example\t{ED25519} me\r\n",
        key_text(ED25519),
    );
    let known = parse(&text);
    let faults: Vec<_> = known
        .notes()
        .iter()
        .map(|note| note.fault.clone())
        .collect();
    let expected = [
        (3, LineFault::Marker),
        (4, LineFault::NoKey),
        (5, LineFault::NoKey),
        (6, LineFault::NoKey),
        (7, LineFault::HashedName),
        (8, LineFault::HashedName),
        (9, LineFault::NotBase64),
        (10, LineFault::OtherType),
        (11, LineFault::NotBase64),
    ];
    assert_eq!(
        faults,
        expected.map(|(line, fault)| Fault::Line(line, fault))
    );
    assert_eq!(
        known.notes()[0].to_string(),
        "known_hosts:3: unknown marker"
    );
    assert!(
        known
            .host_of(&shown(&blob(ED25519)), &only(&["git.example"]))
            .is_some()
    );
}

#[test]
fn files_are_read_in_order_and_missing_ones_are_empty() {
    let folder = TempDir::new().unwrap();
    let [first, second, missing] = ["a", "b", "c"].map(|name| folder.path().join(name));
    fs::write(&first, format!("a.example {ED25519}\n")).unwrap();
    fs::write(&second, format!("bad\nb.example {ED25519}\n")).unwrap();
    let known = KnownHosts::load(&[missing, second.clone(), first, folder.path().to_owned()]);
    assert_eq!(
        known
            .host_of(&shown(&blob(ED25519)), &Hosts::Known)
            .as_deref(),
        Some("b.example")
    );
    let notes: Vec<_> = known.notes().iter().map(ToString::to_string).collect();
    let directory = format!("{} cannot be read: is a directory", folder.path().display());
    assert_eq!(
        notes,
        [format!("{}:1: no key", second.display()), directory]
    );
}

#[test]
fn a_file_that_is_too_long_is_left_out_whole() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("known_hosts");
    let comment = "#".repeat(16 * 1024 * 1024);
    fs::write(&path, format!("git.example {ED25519}\n{comment}")).unwrap();
    let known = KnownHosts::load(std::slice::from_ref(&path));
    assert_eq!(known.host_of(&shown(&blob(ED25519)), &Hosts::Known), None);
    assert_eq!(known.notes()[0].fault, Fault::TooLong);
}

#[test]
fn a_pipe_that_nobody_writes_to_is_not_waited_for() {
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("known_hosts");
    let made = Command::new("mkfifo").arg(&path).status();
    assert!(made.unwrap().success());
    assert!(
        KnownHosts::load(std::slice::from_ref(&path))
            .notes()
            .is_empty()
    );
}

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

#[test]
fn a_build_is_told_of_its_named_hosts_only_and_of_no_name() {
    let hashed = hashed_by_ssh_keygen(&format!("hidden.example {ECDSA}"));
    let known = parse(&format!(
        "git.example,10.0.0.1,secret.example {ED25519} comment\n{hashed}\n\
         *.corp.example,!no.corp.example {ECDSA}\n@revoked * {ECDSA}\n\
         @cert-authority *.corp.example {ED25519}\n",
    ));
    let hosts = [
        "git.example",
        "hidden.example",
        "a.corp.example",
        "no.corp.example",
    ];
    let told = known.for_grant(&only(&hosts), counter());
    for (host, lines) in hosts.iter().zip([2, 2, 3, 2]) {
        assert_eq!(
            found_by_ssh_keygen(&told, host).len(),
            lines,
            "{host}\n{told}"
        );
    }
    for other in ["secret.example", "10.0.0.1", "b.corp.example", "elsewhere"] {
        assert_eq!(found_by_ssh_keygen(&told, other), [0; 0], "{other}");
    }
    assert!(!told.contains("example") && !told.contains('*') && !told.contains("comment"));
    let told = parse(&told);
    assert_eq!(
        told.host_of(&shown(&blob(ED25519)), &only(&hosts))
            .as_deref(),
        Some("git.example")
    );
    assert_eq!(told.host_of(&shown(&blob(ECDSA)), &only(&hosts)), None);
}

#[test]
fn a_build_that_may_use_every_known_host_learns_no_plain_name() {
    let hashed = hashed_by_ssh_keygen(&format!("hidden.example {ECDSA}"));
    let known = parse(&format!(
        "git.example,[git.example]:2222 {ED25519}\n{hashed}\n*.corp.example,!no.corp.example {ECDSA}\n",
    ));
    let told = known.for_grant(&Hosts::Known, counter());
    for host in [
        "git.example",
        "[git.example]:2222",
        "hidden.example",
        "a.corp.example",
    ] {
        assert_eq!(found_by_ssh_keygen(&told, host).len(), 1, "{host}");
    }
    assert_eq!(found_by_ssh_keygen(&told, "no.corp.example"), [0; 0]);
    assert!(!told.contains("git.example"));
    assert!(told.contains(&hashed));
}

#[test]
fn every_told_name_has_a_salt_of_its_own() {
    let known = parse(&format!("git.example {ED25519}\ngit.example {ECDSA}\n"));
    let told = known.for_grant(&only(&["git.example"]), counter());
    let salts: Vec<_> = told
        .lines()
        .map(|line| line.split('|').nth(2).unwrap())
        .collect();
    assert_eq!(salts.len(), 2);
    assert_ne!(salts[0], salts[1]);
}

#[test]
fn a_pattern_of_many_stars_is_matched_without_delay() {
    let known = parse(&format!("{}b {ED25519}\n", "*a".repeat(500)));
    let host = "a".repeat(2000);
    assert_eq!(known.host_of(&shown(&blob(ED25519)), &only(&[&host])), None);
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

fn with_keys(line: &str) -> String {
    line.replace("<E>", ED25519).replace("<C>", ECDSA)
}

fn is_about(line: &str, host: &str) -> bool {
    parse(line)
        .entries
        .iter()
        .any(|entry| entry.names.matches(host))
}

fn builtin_line(host: &str, kind: &str) -> String {
    let (_, entry) = builtin::entries()
        .find(|(name, entry)| *name == host && keystay_proto::algorithm(&entry.key) == Some(kind))
        .unwrap();
    entry.line(&entry.names).trim_end().to_owned()
}

fn counter() -> impl FnMut() -> [u8; 20] {
    let mut next = 0;
    move || {
        next += 1;
        [next; 20]
    }
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
/// Lines in which `<E>` and `<C>` stand for the keys.
const LINES: [&str; 18] = [
    "# comment <E>",
    "",
    "git.example <E>",
    "git.example,10.0.0.1 <E> comment",
    "[git.example]:2222 <E>",
    "*.example <E>",
    "*.corp.example,!no.corp.example <E>",
    "!* <E>",
    "g?t.example\t<C>",
    "  Upper.Example   <E>",
    "@revoked git.example <E>",
    "@cert-authority *.corp.example <E>",
    "@unknown git.example <E>",
    "[*.example]:2222 <E>",
    "a,,git.example <E>",
    "* <E>",
    "!git.example,*.example <E>",
    "git* <E>",
];
const ASKED: [&str; 18] = [
    "git.example",
    "GIT.example",
    "10.0.0.1",
    "[git.example]:2222",
    "[git.example]:22",
    "upper.example",
    "a.corp.example",
    "no.corp.example",
    "a.b.corp.example",
    "corp.example",
    "secret.example",
    "[secret.example]:2222",
    "got.example",
    "goot.example",
    "example",
    ".example",
    "gitgit",
    "[x.example]:2222",
];

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

fn shown(key: &[u8]) -> ShownKey {
    ShownKey::new(key, SystemTime::now())
}
