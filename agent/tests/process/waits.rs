//! When the agent reads its keys.

use std::{
    fs,
    io::{Read as _, Write as _},
    net::Shutdown,
    os::{fd::OwnedFd, unix::net::UnixStream},
    process::{Child, Command},
};

use tempfile::TempDir;

use crate::support::{PROGRAM, keygen, private};

#[test]
fn keys_are_read_when_the_parent_asks_for_them() {
    let (mut child, mut parent, home) = start();
    fs::create_dir(home.path().join(".ssh")).unwrap();
    keygen(&home.path().join(".ssh/id"), "ed25519");
    parent.write_all(b"\n").unwrap();
    let mut said = [0; 9];
    parent.read_exact(&mut said).unwrap();
    assert_eq!(&said, br#"{"ready":"#);
    drop(parent);
    child.wait().unwrap();
}

#[test]
fn an_agent_that_is_asked_for_no_keys_ends_with_its_parent() {
    let (mut child, mut parent, _home) = start();
    parent.shutdown(Shutdown::Write).unwrap();
    let mut said = String::new();
    parent.read_to_string(&mut said).unwrap();
    assert!(
        said.starts_with(
            r#"{"failed":{"code":"unavailable","message":"the parent asks for no keys: "#
        ),
        "{said}"
    );
    assert_eq!(child.wait().unwrap().code(), Some(1));
}

/// A private agent whose standard output is a socket, and its parent's end.
fn start() -> (Child, UnixStream, TempDir) {
    let home = tempfile::tempdir().unwrap();
    let (parent, its) = UnixStream::pair().unwrap();
    let mut program = Command::new(PROGRAM);
    let program = private(&mut program, home.path());
    let child = program.stdout(OwnedFd::from(its)).spawn().unwrap();
    (child, parent, home)
}
