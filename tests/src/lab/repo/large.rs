//! A repository that is large and stays so when compressed.

use std::fs;
use std::path::Path;

use super::git;
use crate::lab::LabError;
use crate::lab::file;
use crate::lab::process::{run, say};

/// Raised when the content changes.
pub(super) const VERSION: &str = "90 x 1 MiB, 1";

/// Commits the files. Trying to compress them would take longer than all else.
pub(super) fn commit(tree: &Path) -> Result<(), LabError> {
    say("making acme/large");
    let mut numbers = Numbers(1);
    for number in 0..FILES {
        let path = tree.join(format!("part-{}/{number:02}.bin", number / 10));
        file::create_folder(path.parent().unwrap_or(tree))?;
        fs::write(&path, numbers.bytes()).map_err(LabError::file("write", &path))?;
    }
    for setting in ["core.compression", "pack.window"] {
        run(git(tree).args(["config", setting, "0"]))?;
    }
    run(git(tree).args(["add", "."]))?;
    run(git(tree).args(["commit", "--quiet", "--message", "Add everything"]))?;
    run(git(tree).args(["repack", "-a", "-d", "--quiet"])).map(drop)
}

/// The same numbers on every machine; a linear congruential generator, of whose state the upper
/// half is random enough not to be compressed.
struct Numbers(u64);

impl Numbers {
    fn bytes(&mut self) -> Vec<u8> {
        (0..FILE_SIZE / 4).flat_map(|_| self.next()).collect()
    }

    fn next(&mut self) -> [u8; 4] {
        self.0 = self.0.wrapping_mul(MULTIPLIER).wrapping_add(1);
        let [_, _, _, _, high @ ..] = self.0.to_le_bytes();
        high
    }
}

const FILES: usize = 90;

const FILE_SIZE: usize = 1024 * 1024;

/// Of Knuth's MMIX.
const MULTIPLIER: u64 = 6_364_136_223_846_793_005;
