//! Rust's core library for the shim's targets.

use std::{ffi::OsStr, path::Path, process::Command};

/// Sees to it that the compiler has the target's `core`: where it is missing, rustup is asked for it
/// once. Whether it was; else what to do.
pub(crate) fn require_core(rustc: &OsStr, rustup: &OsStr, target: &str) -> Result<bool, String> {
    if has_core(rustc, target)? {
        return Ok(false);
    }
    // That rustup is missing or fails is told by what it leaves.
    let said = Command::new(rustup)
        .args(["target", "add", target])
        .output()
        .map(|output| String::from_utf8_lossy(&output.stderr).into_owned());
    if has_core(rustc, target)? {
        return Ok(true);
    }
    let said = said.unwrap_or_else(|error| error.to_string());
    let why = said.trim().lines().last().unwrap_or_default().to_owned();
    Err(format!(
        "the shim needs Rust's core library for {target}: `rustup target add {target}` (tried here: {why})"
    ))
}

fn has_core(rustc: &OsStr, target: &str) -> Result<bool, String> {
    let output = Command::new(rustc)
        .args(["--print", "target-libdir", "--target", target])
        .output()
        .map_err(|error| format!("{}: {error}", rustc.display()))?;
    let libraries = String::from_utf8_lossy(&output.stdout);
    Ok(Path::new(libraries.trim()).is_dir())
}
