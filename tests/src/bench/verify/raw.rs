//! One pass over a file on one core: looking for a key in it, against reading it and hashing it.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use super::super::{pairs::Row, process::processor_time, sheet::Sheet};
use crate::lab::{LabError, run};

/// A search, and what it is compared with.
#[derive(Debug)]
pub(super) struct Pass {
    /// The row of the table.
    pub(super) row: Row,
    key: &'static str,
    alternative: Alternative,
}

#[derive(Clone, Copy, Debug)]
enum Alternative {
    /// A program of the machine, which reads the file as the search does.
    Program(&'static str),
    /// SHA-256 by what the client itself uses, both without the reading.
    Own,
}

/// All passes over an image of this size.
pub(super) fn passes(size: &str) -> Vec<Pass> {
    let pass = |key, name: &str, alternative, target| Pass {
        row: Row {
            name: format!("verify: raw, {key}, to {name}, {size}"),
            unit: "ms",
            target,
        },
        key,
        alternative,
    };
    vec![
        pass("ed25519", "cat", Alternative::Program("cat"), ""),
        pass(
            "ed25519",
            "sha256sum",
            Alternative::Program("sha256sum"),
            "≤ 1/2",
        ),
        pass("ed25519", "SHA-256", Alternative::Own, "≤ 1/2"),
        pass("rsa", "SHA-256", Alternative::Own, "≤ 1/2"),
    ]
}

/// Measures those that are wanted.
pub(super) fn measure(
    sheet: &mut Sheet,
    passes: &[Pass],
    file: &Path,
    program: &dyn Fn() -> Result<PathBuf, LabError>,
) -> Result<(), LabError> {
    let mut wanted = passes
        .iter()
        .filter(|pass| sheet.wants(&pass.row.name))
        .peekable();
    if wanted.peek().is_none() {
        return Ok(());
    }
    let wanted: Vec<_> = wanted.collect();
    let program = program()?;
    let ours = |what: &str| {
        let mut pass = Command::new(&program);
        pass.arg(what).arg(file);
        pass
    };
    for pass in wanted {
        let Row { name, target, .. } = &pass.row;
        let measured = |mut command: Command| match pass.alternative {
            Alternative::Program(_) => processor_time(&mut command),
            Alternative::Own => printed(&mut command),
        };
        let theirs = || match pass.alternative {
            Alternative::Program(name) => {
                let mut program = Command::new(name);
                program.arg(file);
                program
            }
            Alternative::Own => ours("sha256"),
        };
        let (ours, theirs) = (|| measured(ours(pass.key)), || measured(theirs()));
        sheet.pairs(name, target, RUNS, ours, theirs)?;
    }
    Ok(())
}

/// The time that a pass says it took without the reading: what hashes or searches in the client is given
/// bytes that are there.
fn printed(command: &mut Command) -> Result<Duration, LabError> {
    let nanos = run(command)?.trim().parse();
    Ok(Duration::from_nanos(nanos.unwrap_or(u64::MAX)))
}

const RUNS: usize = 5;
