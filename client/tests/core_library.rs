//! What the build script does where the compiler lacks the shim's targets.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

#[path = "../build/target.rs"]
mod target;

use std::{fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use tempfile::TempDir;

/// A compiler and a rustup that share a folder of libraries.
struct Toolchain {
    folder: TempDir,
}

impl Toolchain {
    /// A compiler without the target, and a rustup that does this when it is asked to add one.
    fn with_rustup(script: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let toolchain = Self { folder };
        let libraries = toolchain.libraries();
        toolchain.program("rustc", &format!("echo {}", libraries.display()));
        let script = script.replace("ADD", &format!("mkdir {}", libraries.display()));
        let noted = toolchain.path("asked");
        let note = format!("echo \"$@\" >> {}", noted.display());
        toolchain.program("rustup", &format!("{note}\n{script}"));
        toolchain
    }

    fn require(&self, rustup: &str) -> Result<bool, String> {
        let rustup = self.path(rustup);
        let rustc = self.path("rustc");
        target::require_core(rustc.as_os_str(), rustup.as_os_str(), "z80-none")
    }

    /// What rustup was asked, a line each time.
    fn asked(&self) -> String {
        fs::read_to_string(self.path("asked")).unwrap_or_default()
    }

    fn libraries(&self) -> PathBuf {
        self.path("lib")
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn program(&self, name: &str, script: &str) {
        let path = self.path(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn a_missing_target_is_added_once() {
    let toolchain = Toolchain::with_rustup("ADD");
    assert_eq!(toolchain.require("rustup"), Ok(true));
    assert_eq!(toolchain.require("rustup"), Ok(false));
    assert_eq!(toolchain.asked(), "target add z80-none\n");
}

#[test]
fn a_target_that_is_there_asks_nothing_of_rustup() {
    let toolchain = Toolchain::with_rustup("exit 1");
    fs::create_dir(toolchain.libraries()).unwrap();
    assert_eq!(toolchain.require("rustup"), Ok(false));
    assert_eq!(toolchain.asked(), "");
}

#[test]
fn a_target_that_cannot_be_added_is_told_with_what_to_do() {
    let toolchain = Toolchain::with_rustup("echo 'error: no network' >&2; exit 1");
    assert_eq!(
        toolchain.require("rustup"),
        Err(
            "the shim needs Rust's core library for z80-none: `rustup target add z80-none` \
             (tried here: error: no network)"
                .to_owned()
        )
    );
}

#[test]
fn a_machine_without_rustup_is_told_what_to_install() {
    let toolchain = Toolchain::with_rustup("ADD");
    let error = toolchain.require("no-such-program").unwrap_err();
    assert!(
        error.starts_with("the shim needs Rust's core library for z80-none: `rustup target add"),
        "{error}"
    );
}
