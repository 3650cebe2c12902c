//! The vectors of a folder.

use std::{fs, path::Path};

/// A vector's name, without its ending, and its bytes.
pub(crate) type Vector = (String, Vec<u8>);

/// Every `.bin` file of a folder below `tests/vectors`, by name. A folder without any is a failure.
#[track_caller]
pub(crate) fn vectors(folder: &str) -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/vectors")
        .join(folder);
    let entries =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut vectors: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|end| end == "bin"))
        .map(read)
        .collect();
    assert!(!vectors.is_empty(), "no vectors in {}", folder.display());
    vectors.sort();
    vectors
}

fn read(path: impl AsRef<Path>) -> Vector {
    let name = path
        .as_ref()
        .file_stem()
        .unwrap()
        .to_str()
        .unwrap()
        .to_owned();
    (name, fs::read(path).unwrap())
}
