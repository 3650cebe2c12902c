//! `cargo xtask fuzz`: every fuzz target for a while, on the toolchain at hand.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::{Command, ExitCode, ExitStatus},
};

use super::cargo::{cargo, exit_code, root, status};
use crate::lab::LabError;

/// Builds all fuzz targets and runs each for this many seconds; the first that finds something
/// ends the run.
pub(super) fn run(seconds: u32) -> Result<ExitCode, LabError> {
    for folder in FOLDERS {
        let ended = run_all(&root().join(folder), seconds)?;
        if ended != ExitCode::SUCCESS {
            return Ok(ended);
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn run_all(folder: &Path, seconds: u32) -> Result<ExitCode, LabError> {
    let mut build = cargo();
    build
        .current_dir(folder)
        .env("RUSTFLAGS", COVERAGE.join(" "));
    // With a target named, the flags do not reach build scripts, which have no fuzzer to call.
    let compiled = status(build.args(["build", "--locked", "--release", "--target", TARGET]))?;
    if !compiled.success() {
        return Ok(exit_code(compiled));
    }
    for target in targets(folder)? {
        let ended = fuzz(folder, &target, seconds)?;
        if !ended.success() {
            return Ok(exit_code(ended));
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn fuzz(folder: &Path, target: &str, seconds: u32) -> Result<ExitStatus, LabError> {
    let corpus = folder.join("corpus").join(target);
    fs::create_dir_all(&corpus).map_err(LabError::file("create", &corpus))?;
    let vectors = root().join("proto/tests/vectors");
    let seeds = [
        folder.join("seeds").join(target),
        vectors.join(target),
        vectors.join("reject").join(target),
    ];
    let built = env::var_os("CARGO_TARGET_DIR");
    let built = built.map_or_else(|| folder.join("target"), PathBuf::from);
    let mut fuzzer = Command::new(built.join(TARGET).join("release").join(target));
    fuzzer
        .current_dir(folder)
        .args(["-max_len=4096", "-print_final_stats=1"]);
    fuzzer.arg(format!("-max_total_time={seconds}")).arg(corpus);
    status(fuzzer.args(seeds.iter().filter(|seeds| seeds.is_dir())))
}

/// The targets' names, from their files.
fn targets(folder: &Path) -> Result<Vec<String>, LabError> {
    let folder = folder.join("fuzz_targets");
    let entries = fs::read_dir(&folder).map_err(LabError::file("read", &folder))?;
    let stem = |entry: fs::DirEntry| {
        entry
            .path()
            .file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
    };
    let mut names: Vec<_> = entries.flatten().filter_map(stem).collect();
    names.sort();
    Ok(names)
}

/// Where targets are, each a workspace of its own.
const FOLDERS: [&str; 2] = ["proto/fuzz", "agent/fuzz"];

/// What makes the compiler count the edges of the program for libFuzzer.
const COVERAGE: [&str; 7] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "--cfg=fuzzing",
    "-Ccodegen-units=1",
];
const TARGET: &str = if cfg!(target_arch = "aarch64") {
    "aarch64-unknown-linux-gnu"
} else {
    "x86_64-unknown-linux-gnu"
};
