//! What is found in the corpus: keys in images that hold them, and nothing in those that do not. The images are
//! those of the corpus that `docker image save` can have saved.

use std::{path::Path, process::Command, time::Duration};

use super::{
    super::{process::watched, sheet::Sheet},
    home,
    peer::{Judgement, Peer, Scanners},
};
use crate::{
    corpus::{Case, Expected, Form, KINDS, Key, cases},
    lab::LabError,
};

/// A row: its name, the images it counts, and how many of them should be named.
pub(super) type Count = (String, Expected, &'static str);

/// Two rows: of the images with the key, those that the program names; of those without any key, those
/// that it complains of.
pub(super) fn rows(peer: &Peer) -> [Count; 2] {
    let name = |what| format!("verify: {what}, to {}", peer.name);
    [
        (name("leaks found"), Expected::Leak, "all"),
        (name("false alarms"), Expected::Clean, "none"),
    ]
}

/// Whether one of the rows is asked for.
pub(super) fn wanted(sheet: &mut Sheet, rows: &[Count; 2]) -> bool {
    rows.iter().filter(|(name, ..)| sheet.wants(name)).count() > 0
}

/// Counts them all.
pub(super) fn count(
    sheet: &mut Sheet,
    client: &Path,
    rows: &[(&'static Peer, [Count; 2])],
    scanners: &Scanners,
) -> Result<(), LabError> {
    if !rows
        .iter()
        .any(|(peer, _)| scanners.contains_key(peer.name))
    {
        return Ok(());
    }
    let ours = Tally::of(&|key, image| judge(client, key, image))?;
    for (peer, rows) in rows {
        let Some(scanner) = scanners.get(peer.name) else {
            continue;
        };
        let theirs = Tally::of(&|_, image| peer.judge(scanner, image))?;
        for (name, expected, target) in rows {
            let [ours, theirs] = [&ours, &theirs].map(|tally| tally.shown(*expected));
            sheet.counts(name, &ours, &theirs, target);
        }
        if theirs.failed > 0 {
            let (name, failed) = (peer.name, theirs.failed);
            sheet.note(&format!(
                "{name}: ends with an error on {failed} of the images"
            ));
        }
    }
    Ok(())
}

fn judge(client: &Path, key: &Key, image: &Path) -> Result<Judgement, LabError> {
    let home = home()?;
    let key = format!("file:{}", key.path.display());
    let mut verify = Command::new(client);
    verify.args(["--key", &key, "verify"]).arg(image);
    verify.env_clear().env("PATH", "/usr/bin:/bin");
    let ran = watched(verify.env("HOME", home.path()), Duration::MAX)?;
    Ok(match ran.status {
        Some(0) => Judgement::Nothing,
        Some(65) => Judgement::Found,
        _ => Judgement::Failed,
    })
}

/// How many images a program complained of.
#[derive(Debug, Default)]
struct Tally {
    leaks: [usize; 2],
    clean: [usize; 2],
    failed: usize,
}

impl Tally {
    fn of(judge: &dyn Fn(&Key, &Path) -> Result<Judgement, LabError>) -> Result<Self, LabError> {
        let mut tally = Self::default();
        let folder = home()?;
        for kind in KINDS {
            let key = Key::new(folder.path(), kind);
            for case in cases(&key) {
                tally.add(&case, &key, folder.path(), judge)?;
            }
        }
        Ok(tally)
    }

    fn add(
        &mut self,
        case: &Case,
        key: &Key,
        folder: &Path,
        judge: &dyn Fn(&Key, &Path) -> Result<Judgement, LabError>,
    ) -> Result<(), LabError> {
        if !case.image.forms().contains(&Form::DockerArchive) {
            return Ok(());
        }
        let count = match case.expected {
            Expected::Leak => &mut self.leaks,
            Expected::Clean => &mut self.clean,
            Expected::OtherKey => return Ok(()),
        };
        let saved = tempfile::tempdir_in(folder).map_err(LabError::file("create", folder))?;
        let path = saved.path().join("image.tar");
        case.image.write(Form::DockerArchive, &path);
        let [found, all] = count;
        let judgement = judge(key, &path)?;
        *found += usize::from(judgement == Judgement::Found);
        *all += 1;
        self.failed += usize::from(judgement == Judgement::Failed);
        Ok(())
    }

    fn shown(&self, expected: Expected) -> String {
        let [found, all] = match expected {
            Expected::Leak => self.leaks,
            _ => self.clean,
        };
        format!("{found} of {all}")
    }
}
