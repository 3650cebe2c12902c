//! `cargo xtask fuzz`: every fuzz target for a while, on the toolchain at hand.

use std::{
    env, fs,
    io::{self, Write as _},
    path::{Path, PathBuf},
    process::{Command, ExitCode, Output},
    thread,
};

use super::cargo::{cargo, exit_code, root, status};
use crate::lab::LabError;

/// Builds all fuzz targets and runs each for this many seconds, one on each processor; the first that finds
/// something ends the run.
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
        .env("RUSTFLAGS", COVERAGE.join(" "))
        .env("CARGO_TARGET_DIR", built());
    // With a target named, the flags do not reach build scripts, which have no fuzzer to call.
    let compiled = status(build.args(["build", "--locked", "--release", "--target", TARGET]))?;
    if !compiled.success() {
        return Ok(exit_code(compiled));
    }
    let at_once = thread::available_parallelism().map_or(1, usize::from);
    for some in targets(folder)?.chunks(at_once) {
        for ended in side_by_side(folder, some, seconds) {
            let ended = ended?;
            // What it wrote is of use to a person only.
            let _ = io::stderr().write_all(&ended.stderr);
            if !ended.status.success() {
                return Ok(exit_code(ended.status));
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn side_by_side(folder: &Path, targets: &[String], seconds: u32) -> Vec<Result<Output, LabError>> {
    thread::scope(|scope| {
        let fuzzers = targets.iter();
        let fuzzers = fuzzers.map(|target| scope.spawn(move || fuzz(folder, target, seconds)));
        let fuzzers: Vec<_> = fuzzers.collect();
        let ended = fuzzers.into_iter().map(thread::ScopedJoinHandle::join);
        ended
            .map(|ended| ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

fn fuzz(folder: &Path, target: &str, seconds: u32) -> Result<Output, LabError> {
    let corpus = folder.join("corpus").join(target);
    fs::create_dir_all(&corpus).map_err(LabError::file("create", &corpus))?;
    let vectors = root().join("proto/tests/vectors");
    let seeds = [
        folder.join("seeds").join(target),
        vectors.join(target),
        vectors.join("reject").join(target),
        folder.join("../tests").join(target),
    ];
    let mut fuzzer = Command::new(built().join(TARGET).join("release").join(target));
    fuzzer
        .current_dir(folder)
        .args(["-max_len=4096", "-print_final_stats=1"]);
    fuzzer.arg(format!("-max_total_time={seconds}")).arg(corpus);
    fuzzer.args(seeds.iter().filter(|seeds| seeds.is_dir()));
    fuzzer.output().map_err(|source| LabError::Start {
        program: target.to_owned(),
        source,
    })
}

/// Where all workspaces are built: what they share is built once.
fn built() -> PathBuf {
    let named = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    named.unwrap_or_else(|| root().join("target")).join("fuzz")
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
const FOLDERS: [&str; 3] = ["proto/fuzz", "agent/fuzz", "client/fuzz"];

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
