//! The project's own cargo.

use std::{
    ffi::OsString,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, ExitCode, ExitStatus},
};

use crate::lab::{LabError, run};

/// The workspace's root.
pub(super) fn root() -> &'static Path {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests)
}

/// The cargo that runs this program, in the workspace's root.
pub(super) fn cargo() -> Command {
    let program = std::env::var_os("CARGO").unwrap_or_else(|| OsString::from("cargo"));
    let mut cargo = Command::new(program);
    cargo.current_dir(root());
    cargo
}

/// Builds the client as users get it, and says where it is.
pub(super) fn release_client() -> Result<PathBuf, LabError> {
    let built = status(cargo().args(["build", "--locked", "--release", "--package", "keystay"]))?;
    if !built.success() {
        return Err(LabError::Command {
            command: "cargo build --release --package keystay".to_owned(),
            status: built.to_string(),
            output: String::new(),
        });
    }
    let target =
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    Ok(target.join("release/keystay"))
}

/// Builds a bench of a package as users get the client, and says where it is.
pub(super) fn release_bench(package: &str, name: &str) -> Result<PathBuf, LabError> {
    let mut bench = cargo();
    bench.args(["bench", "--locked", "--no-run", "--message-format", "json"]);
    let messages = run(bench.args(["--package", package, "--bench", name]))?;
    let program = messages.lines().rev().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        // The package's own programs are built with it.
        let is_it = message.pointer("/target/name")?.as_str() == Some(name);
        let path = message.get("executable")?.as_str()?;
        is_it.then(|| PathBuf::from(path))
    });
    program.ok_or_else(|| LabError::Command {
        command: format!("cargo bench --no-run --bench {name}"),
        status: "no program".to_owned(),
        output: messages,
    })
}

/// Runs a program to its end with this process's streams.
pub(crate) fn status(command: &mut Command) -> Result<ExitStatus, LabError> {
    command.status().map_err(|source| LabError::Start {
        program: command.get_program().to_string_lossy().into_owned(),
        source,
    })
}

/// A program's exit status as this process's.
pub(super) fn exit_code(status: ExitStatus) -> ExitCode {
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    ExitCode::from(code.unwrap_or(1))
}

/// Says on stderr what is being done.
pub(crate) fn say(text: &str) {
    // A closed stderr leaves nobody to tell.
    let _ = writeln!(io::stderr(), "{text}");
}
