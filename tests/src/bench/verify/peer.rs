//! Programs that look for secrets in general.

use std::{collections::HashMap, ffi::OsString, path::Path, process::Command, time::Duration};

use tempfile::TempDir;

use super::{
    super::{
        process::{Ran, watched},
        sheet::Sheet,
    },
    image::unpack,
};
use crate::lab::{Lab, LabError, Scanner};

/// How one of them is used on a saved image, with its own settings and without asking others whether
/// what it finds is valid.
#[derive(Debug)]
pub(super) struct Peer {
    /// The program's name and its Debian package's.
    pub(super) name: &'static str,
    reads: Reads,
    /// The options; what is searched follows, behind `prefix`.
    options: &'static [&'static str],
    prefix: &'static str,
    /// Its exit status where it found something.
    found: i32,
}

/// What a program says of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// There is a secret in it.
    Found,
    /// There is none.
    Nothing,
    /// It cannot be searched.
    Failed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reads {
    /// Folders, so the image is unpacked for it, which does not count.
    Folders,
    SavedImages,
}

/// Those of [`PEERS`] that Debian has, by their names.
pub(super) type Scanners = HashMap<&'static str, Scanner>;

/// Gets them, and says which they are.
pub(super) fn scanners(sheet: &mut Sheet, lab: &Lab) -> Result<Scanners, LabError> {
    let mut scanners = Scanners::new();
    for peer in &PEERS {
        let name = peer.name;
        match lab.scanner(name)? {
            None => sheet.note(&format!("{name}: not in Debian")),
            Some(scanner) => {
                let way = match peer.reads {
                    Reads::Folders => "given all layers unpacked, which is not in its time",
                    Reads::SavedImages => "given the saved image",
                };
                sheet.note(&format!("{name}: {} of Debian, {way}", scanner.version));
                scanners.insert(name, scanner);
            }
        }
    }
    Ok(scanners)
}

impl Peer {
    /// Its search of a saved image; it is ended after ten minutes.
    pub(super) fn search(
        &self,
        scanner: &Scanner,
        image: &Path,
    ) -> Result<(Ran, Judgement), LabError> {
        self.run(scanner, image)
    }

    /// What it says of a saved image.
    pub(super) fn judge(&self, scanner: &Scanner, image: &Path) -> Result<Judgement, LabError> {
        self.run(scanner, image).map(|(_, judgement)| judgement)
    }

    fn run(&self, scanner: &Scanner, image: &Path) -> Result<(Ran, Judgement), LabError> {
        let unpacked = self.unpacked(image)?;
        let what = unpacked.as_ref().map_or(image, |folder| folder.path());
        let mut command = Command::new(&scanner.program);
        command.args(self.options);
        let mut last = OsString::from(self.prefix);
        last.push(what);
        let home = super::home()?;
        let ran = watched(
            command
                .arg(last)
                .env_clear()
                .env("PATH", "/usr/bin:/bin")
                .env("HOME", home.path())
                .current_dir(home.path()),
            PATIENCE,
        )?;
        let judgement = match ran.status {
            Some(0) => Judgement::Nothing,
            Some(status) if status == self.found => Judgement::Found,
            _ => Judgement::Failed,
        };
        Ok((ran, judgement))
    }

    fn unpacked(&self, image: &Path) -> Result<Option<TempDir>, LabError> {
        match self.reads {
            Reads::Folders => unpack(image).map(Some),
            Reads::SavedImages => Ok(None),
        }
    }
}

pub(super) const PEERS: [Peer; 2] = [
    Peer {
        name: "gitleaks",
        reads: Reads::Folders,
        options: &["dir", "--no-banner", "--exit-code", "3"],
        prefix: "",
        found: 3,
    },
    Peer {
        name: "trufflehog",
        reads: Reads::SavedImages,
        options: &[
            "docker",
            "--no-update",
            "--no-verification",
            "--fail",
            "--image",
        ],
        prefix: "file://",
        found: 183,
    },
];

const PATIENCE: Duration = Duration::from_mins(10);
