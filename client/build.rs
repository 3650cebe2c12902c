//! Builds the shim for every platform that images have, with the compiler that builds the client.
//!
//! The shim links nothing, so `rust-lld`, which comes with the compiler, is all it needs; the musl
//! targets are there on every host, and only their `core` is used.

#[path = "build/target.rs"]
mod target;

use std::env;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};

fn main() -> ExitCode {
    println!("cargo::rerun-if-changed=shim");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(sentence)) => {
            println!("cargo::error={sentence}");
            ExitCode::FAILURE
        }
    }
}

/// Why there is no shim, for the person who builds.
struct Failure(String);

fn build() -> Result<(), Failure> {
    let rustc = variable("RUSTC")?;
    let folder = PathBuf::from(variable("OUT_DIR")?);
    for machine in MACHINES {
        require_core(&rustc, machine)?;
    }
    let mut running = Vec::new();
    for machine in MACHINES {
        running.push((machine, start(&rustc, machine, &folder)?));
    }
    for (machine, child) in running {
        finish(machine, child)?;
    }
    Ok(())
}

fn variable(name: &str) -> Result<OsString, Failure> {
    env::var_os(name).ok_or_else(|| Failure(format!("{name} is not set: is this run by cargo?")))
}

/// The target's `core`, from rustup if the compiler came without it.
fn require_core(rustc: &OsStr, machine: &str) -> Result<(), Failure> {
    let target = target(machine);
    if target::require_core(rustc, OsStr::new("rustup"), &target).map_err(Failure)? {
        println!("cargo::warning=rustup added Rust's core library for {target}");
    }
    Ok(())
}

fn start(rustc: &OsString, machine: &str, folder: &Path) -> Result<Child, Failure> {
    Command::new(rustc)
        .args(FLAGS)
        .args(["--target", &target(machine), "-o"])
        .arg(folder.join(format!("ssh-{machine}")))
        .arg(Path::new("shim").join("main.rs"))
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| Failure(format!("{}: {error}", rustc.display())))
}

fn finish(machine: &str, child: Child) -> Result<(), Failure> {
    let output = child
        .wait_with_output()
        .map_err(|error| Failure(format!("the compiler: {error}")))?;
    let said = String::from_utf8_lossy(&output.stderr);
    for line in said.lines() {
        println!("cargo::warning={line}");
    }
    if !output.status.success() {
        return Err(Failure(format!(
            "the shim for {machine} is not built; it needs a compiler with its own linker, rust-lld, \
             as rustup installs it"
        )));
    }
    Ok(())
}

fn target(machine: &str) -> String {
    format!("{machine}-unknown-linux-musl")
}

const MACHINES: [&str; 2] = ["x86_64", "aarch64"];

/// Static, at fixed addresses, with nothing of a C library; small before fast.
const FLAGS: &[&str] = &[
    "--edition=2024",
    "--crate-name=ssh",
    "--crate-type=bin",
    "-Cpanic=abort",
    "-Copt-level=z",
    "-Clto=fat",
    "-Ccodegen-units=1",
    "-Cstrip=symbols",
    "-Cforce-unwind-tables=no",
    "-Crelocation-model=static",
    "-Ctarget-feature=-crt-static",
    "-Clinker=rust-lld",
    "-Clinker-flavor=ld.lld",
    "-Clink-arg=-static",
    "-Clink-arg=--no-eh-frame-hdr",
];
