//! One pass over a file on one core: reading it, hashing it, looking for a key in it.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use super::super::{pairs::Row, process::processor_time, sheet::Sheet};
use crate::lab::LabError;

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
    /// A program of the machine.
    Program(&'static str),
    /// SHA-256 by what the client itself uses.
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
        processor_time(pass.arg(what).arg(file))
    };
    for pass in wanted {
        let theirs = || match pass.alternative {
            Alternative::Program(name) => processor_time(Command::new(name).arg(file)),
            Alternative::Own => ours("sha256"),
        };
        let Row { name, target, .. } = &pass.row;
        sheet.pairs(name, target, RUNS, || ours(pass.key), theirs)?;
    }
    Ok(())
}

const RUNS: usize = 5;
