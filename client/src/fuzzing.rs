//! What holds for any bytes of Dockerfiles, contexts and images, for the fuzz targets in `fuzz/`. Each
//! property says whether anything was read, and panics where it does not hold.

mod dockerfile;

pub use self::dockerfile::dockerfile;
pub use crate::{
    context::fuzzing::ignore_file,
    verify::fuzzing::{archive, file, image, json_path, others},
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
        are_read("archive", archive);
        are_read("dockerfile", dockerfile);
        are_read("file", file);
        are_read("ignore_file", ignore_file);
        are_read("image", image);
        are_read("json_path", json_path);
        are_read("others", others);
        assert_eq!(files("fuzz_targets").len(), 7);
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
