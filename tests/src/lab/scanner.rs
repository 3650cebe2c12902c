//! Other programs that look for secrets in files and images, as Debian has them.

use std::path::{Path, PathBuf};

use super::LabError;
use super::apt::{Apt, mirror, unpack};
use super::file;
use super::paths::Paths;
use super::process::say;

/// One such program, unpacked in the lab's folder and installed nowhere.
#[derive(Clone, Debug)]
pub(crate) struct Scanner {
    /// Its path.
    pub(crate) program: PathBuf,
    /// Its Debian version.
    pub(crate) version: String,
}

/// The program that a Debian package of its name holds; nothing where Debian has none.
pub(super) fn find(paths: &Paths, name: &str) -> Result<Option<Scanner>, LabError> {
    let folder = paths.root().join("scanner").join(name);
    let stamp = folder.join("version");
    let found = |version| Scanner {
        program: folder.join("root/usr/bin").join(name),
        version,
    };
    if let Some(version) = file::read(&stamp)? {
        return Ok(Some(found(version)));
    }
    let apt = Apt::fetch_lists(paths, SUITE, &mirror()?)?;
    let Some(version) = apt.candidate(name)? else {
        return Ok(None);
    };
    say(&format!("getting {name}"));
    get(&apt, name, &folder)?;
    file::write(&stamp, &version, 0o644)?;
    Ok(Some(found(version)))
}

fn get(apt: &Apt, name: &str, folder: &Path) -> Result<(), LabError> {
    file::remove(folder)?;
    let packages = folder.join("packages");
    apt.download(&[name], &packages)?;
    unpack(&packages, &folder.join("root"))?;
    file::remove(&packages)
}

/// Debian 12 has none of them, and Debian 13 an old gitleaks alone.
const SUITE: &str = "sid";
