//! Names of lines, as OpenSSH reads them.

use super::*;

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
fn a_pattern_of_many_stars_is_matched_without_delay() {
    let known = parse(&format!("{}b {ED25519}\n", "*a".repeat(500)));
    let host = "a".repeat(2000);
    assert_eq!(known.host_of(&shown(&blob(ED25519)), &only(&[&host])), None);
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
