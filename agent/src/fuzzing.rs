//! What holds for any bytes of the files that are read, for the fuzz targets in `fuzz/`. Each property says
//! whether anything was read, and panics where it does not hold.

pub use crate::{
    key::key_file, known_hosts::fuzzing::known_hosts, ssh_config::fuzzing::ssh_config,
};

#[cfg(test)]
mod tests {
    use std::{
        fs,
        path::{Path, PathBuf},
    };

    use super::*;

    #[test]
    fn every_fuzz_target_has_seeds_that_are_read() {
        are_read("key_file", key_file);
        are_read("known_hosts", known_hosts);
        are_read("ssh_config", ssh_config);
        assert_eq!(files("fuzz_targets").len(), 3);
    }

    fn are_read(target: &str, reads: fn(&[u8]) -> bool) {
        let seeds = files(&format!("seeds/{target}"));
        assert!(seeds.len() >= 2, "{target}");
        for seed in seeds {
            assert!(reads(&fs::read(&seed).unwrap()), "{}", seed.display());
        }
    }

    fn files(folder: &str) -> Vec<PathBuf> {
        let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
        let entries = fs::read_dir(fuzz.join(folder)).unwrap();
        entries.map(|entry| entry.unwrap().path()).collect()
    }
}
