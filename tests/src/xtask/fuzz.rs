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
    let mut build = cargo();
    build
        .current_dir(root().join("tests/fuzz"))
        .env("RUSTFLAGS", COVERAGE.join(" "))
        .env("CARGO_TARGET_DIR", built());
    // With a target named, the flags do not reach build scripts, which have no fuzzer to call.
    let compiled = status(build.args(["build", "--locked", "--release", "--target", TARGET]))?;
    if !compiled.success() {
        return Ok(exit_code(compiled));
    }
    let mut all = Vec::new();
    for folder in FOLDERS {
        all.extend(targets(&root().join(folder))?);
    }
    let at_once = thread::available_parallelism().map_or(1, usize::from);
    for some in all.chunks(at_once) {
        for ended in side_by_side(some, seconds) {
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

/// A fuzz target.
struct Target {
    folder: PathBuf,
    name: String,
}

fn side_by_side(targets: &[Target], seconds: u32) -> Vec<Result<Output, LabError>> {
    thread::scope(|scope| {
        let fuzzers = targets.iter();
        let fuzzers = fuzzers.map(|target| scope.spawn(move || fuzz(target, seconds)));
        let fuzzers: Vec<_> = fuzzers.collect();
        let ended = fuzzers.into_iter().map(thread::ScopedJoinHandle::join);
        ended
            .map(|ended| ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic)))
            .collect()
    })
}

fn fuzz(Target { folder, name }: &Target, seconds: u32) -> Result<Output, LabError> {
    let corpus = folder.join("corpus").join(name);
    fs::create_dir_all(&corpus).map_err(LabError::file("create", &corpus))?;
    let vectors = root().join("proto/tests/vectors");
    let seeds = [
        folder.join("seeds").join(name),
        vectors.join(name),
        vectors.join("reject").join(name),
        folder.join("../tests").join(name),
    ];
    let mut fuzzer = Command::new(built().join(TARGET).join("release").join(name));
    fuzzer
        .current_dir(folder)
        .args(["-max_len=4096", "-print_final_stats=1"]);
    fuzzer.arg(format!("-max_total_time={seconds}")).arg(corpus);
    fuzzer.args(seeds.iter().filter(|seeds| seeds.is_dir()));
    fuzzer.output().map_err(|source| LabError::Start {
        program: name.clone(),
        source,
    })
}

/// Where targets are built.
fn built() -> PathBuf {
    let named = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    named.unwrap_or_else(|| root().join("target")).join("fuzz")
}

/// The targets of a folder, from their files.
fn targets(folder: &Path) -> Result<Vec<Target>, LabError> {
    let files = folder.join("fuzz_targets");
    let entries = fs::read_dir(&files).map_err(LabError::file("read", &files))?;
    let mut names: Vec<_> = entries
        .flatten()
        .filter_map(|entry| {
            let path = entry.path();
            path.file_stem()
                .map(|stem| stem.to_string_lossy().into_owned())
        })
        .collect();
    names.sort();
    let target = |name| Target {
        folder: folder.to_owned(),
        name,
    };
    Ok(names.into_iter().map(target).collect())
}

/// Where targets are.
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
