//! Files, as they are read.

use super::*;

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
