//! What needs not be asked again: docker programs that have BuildKit's client built in, and builders that
//! can run a secret. Asking takes as long as a tenth of a cached build.

use std::{
    fs::{self, DirBuilder, File},
    io,
    os::unix::fs::{DirBuilderExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use sha2::{Digest as _, Sha256};

use crate::engine::Variables;

/// One program or builder by its file as it is now: a change makes another one of it.
#[derive(Debug)]
pub(super) struct Remembered {
    marker: PathBuf,
}

impl Remembered {
    /// The marker of this file; nothing where there is no folder for caches.
    pub(super) fn of(file: &Path, variables: &Variables) -> Option<Self> {
        let folder = variables.cache_folder()?.join("keystay/docker");
        let found = fs::metadata(file).ok()?;
        let identity = format!(
            "{}\n{}\n{}\n{}\n{}",
            file.display(),
            found.ino(),
            found.len(),
            found.mtime(),
            found.mtime_nsec()
        );
        let name = base16(&Sha256::digest(identity));
        Some(Self {
            marker: folder.join(name),
        })
    }

    /// Whether it was found able.
    pub(super) fn is_known(&self) -> bool {
        fs::symlink_metadata(&self.marker).is_ok_and(|found| {
            found.is_file() && found.uid() == rustix::process::geteuid().as_raw()
        })
    }

    /// Remembers that it is.
    pub(super) fn remember(&self) -> io::Result<()> {
        if let Some(folder) = self.marker.parent() {
            DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(folder)?;
        }
        File::create(&self.marker).map(drop)
    }
}

fn base16(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn remembered(home: &Path, docker: &Path) -> Remembered {
        let variables = [("HOME", home.to_str().unwrap())].into_iter().collect();
        Remembered::of(docker, &variables).unwrap()
    }

    #[test]
    fn a_program_is_remembered_until_it_changes() {
        let home = tempfile::tempdir().unwrap();
        let docker = home.path().join("docker");
        fs::write(&docker, "20.10").unwrap();
        let known = remembered(home.path(), &docker);
        assert!(!known.is_known());
        known.remember().unwrap();
        assert!(remembered(home.path(), &docker).is_known());
        fs::write(&docker, "28.2.2").unwrap();
        assert!(!remembered(home.path(), &docker).is_known());
    }

    #[test]
    fn nothing_is_remembered_without_a_home() {
        let variables = Variables::default();
        assert!(Remembered::of(Path::new("/bin/sh"), &variables).is_none());
    }
}
