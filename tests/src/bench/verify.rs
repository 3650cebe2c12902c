//! The search of an image: its speed and memory on large images, and what it finds in the corpus.

mod content;
mod detection;
mod image;
mod peer;
mod raw;

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use tempfile::TempDir;

use self::{
    content::{CONTENTS, Content},
    image::SavedImage,
    peer::{Judgement, PEERS, Peer, Scanners},
};
use super::{
    pairs::{Row, milliseconds},
    process::{Ran, watched},
    sheet::Sheet,
};
use crate::lab::{Lab, LabError};

/// All rows. `pass` makes the program that reads a file once, built as users get the client.
pub(super) fn measure(
    sheet: &mut Sheet,
    lab: &Lab,
    client: &Path,
    pass: &dyn Fn() -> Result<PathBuf, LabError>,
) -> Result<(), LabError> {
    let on_images: Vec<_> = (CONTENTS
        .iter()
        .map(|content| (content, Rows::of(content.size))))
    .filter(|(_, rows)| rows.wanted(sheet))
    .collect();
    let in_corpus: Vec<_> = PEERS
        .iter()
        .map(|peer| (peer, detection::rows(peer)))
        .filter(|(_, rows)| detection::wanted(sheet, rows))
        .collect();
    if on_images.is_empty() && in_corpus.is_empty() {
        return Ok(());
    }
    let scanners = peer::scanners(sheet, lab)?;
    for (content, rows) in on_images {
        measure_on(sheet, lab, client, content, &rows, &scanners, pass)?;
    }
    detection::count(sheet, client, &in_corpus, &scanners)
}

/// The rows of one image.
struct Rows {
    raw: Vec<raw::Pass>,
    peers: Vec<(&'static Peer, [Row; 2])>,
    rebuild: Row,
}

impl Rows {
    fn of(size: &str) -> Self {
        let row = |what: &str, unit, target| Row {
            name: format!("verify: {what}, {size}"),
            unit,
            target,
        };
        Self {
            raw: raw::passes(size),
            peers: PEERS
                .iter()
                .map(|peer| {
                    let name = peer.name;
                    let time = row(&format!("whole, to {name}"), "ms", "≤ 1/20");
                    let memory = row(&format!("memory, to {name}"), "MB", "≤ 64 MB");
                    (peer, [time, memory])
                })
                .collect(),
            rebuild: row("rebuild, to its first search", "ms", "new layers only"),
        }
    }

    fn wanted(&self, sheet: &mut Sheet) -> bool {
        let peers = self.peers.iter().flat_map(|(_, rows)| rows);
        let raw = self.raw.iter().map(|pass| &pass.row);
        let all = raw.chain(peers).chain([&self.rebuild]);
        all.filter(|row| sheet.wants(&row.name)).count() > 0
    }
}

fn measure_on(
    sheet: &mut Sheet,
    lab: &Lab,
    client: &Path,
    content: &Content,
    rows: &Rows,
    scanners: &Scanners,
    pass: &dyn Fn() -> Result<PathBuf, LabError>,
) -> Result<(), LabError> {
    let mut image = SavedImage::make(lab, content)?;
    let path = image.path();
    let client = Client {
        lab,
        program: client,
    };
    sheet.note(&format!(
        "{}: {} MB in {} layers; keystay says {}",
        content.size,
        image.megabytes(),
        image.layers(),
        client.verdict(&path)?
    ));
    raw::measure(sheet, &rows.raw, &path, pass)?;
    for (peer, rows) in &rows.peers {
        if let Some(scanner) = scanners.get(peer.name) {
            let mut end = None;
            let ours = || client.first_searches(&path);
            let theirs = || {
                let (ran, judgement) = peer.search(scanner, &path)?;
                end = match judgement {
                    _ if ran.was_cut => Some("was ended there, with more to search"),
                    Judgement::Failed => Some("ended with an error there"),
                    _ => None,
                };
                Ok([milliseconds(ran.time), ran.memory()])
            };
            sheet.group(rows.clone(), 1, ours, theirs)?;
            if let Some(end) = end {
                sheet.note(&format!("{} {end}", peer.name));
            }
        }
    }
    if !sheet.wants(&rows.rebuild.name) {
        return Ok(());
    }
    let rebuilt = image.rebuilt()?;
    sheet.group(
        [rows.rebuild.clone()],
        RUNS,
        || client.search_after(&path, &rebuilt),
        || client.first_search(&rebuilt).map(|[time, _]| [time]),
    )
}

/// The client with a key of the lab.
#[derive(Clone, Copy, Debug)]
struct Client<'a> {
    lab: &'a Lab,
    program: &'a Path,
}

impl Client<'_> {
    fn run(&self, home: &TempDir, image: &Path) -> Result<Ran, LabError> {
        let mut verify = Command::new(self.program);
        let key = format!("file:{}", self.lab.key("dev").display());
        verify.args(["--key", &key, "verify"]).arg(image);
        verify.env_clear().env("PATH", "/usr/bin:/bin");
        watched(verify.env("HOME", home.path()), Duration::MAX)
    }

    /// What a search of the image comes to.
    fn verdict(&self, image: &Path) -> Result<String, LabError> {
        let ran = self.run(&home()?, image)?;
        let verdict = match ran.status {
            Some(0) => "CLEAN".to_owned(),
            Some(75) => "INCOMPLETE".to_owned(),
            other => format!("nothing, its exit status is {other:?}"),
        };
        let peaks: Vec<_> = ran.peaks.iter().map(|peak| format!("{peak:.1}")).collect();
        Ok(format!(
            "{verdict}, client and agent hold {} MB",
            peaks.join(" and ")
        ))
    }

    /// Milliseconds and megabytes of a search by who never searched before.
    fn first_search(&self, image: &Path) -> Result<[f64; 2], LabError> {
        let ran = self.run(&home()?, image)?;
        Ok([milliseconds(ran.time), ran.memory()])
    }

    /// The time in the middle and the most memory of several.
    fn first_searches(&self, image: &Path) -> Result<[f64; 2], LabError> {
        let runs: Result<Vec<_>, _> = (0..RUNS).map(|_| self.first_search(image)).collect();
        let mut runs = runs?;
        runs.sort_by(|[one, _], [other, _]| one.total_cmp(other));
        let middle = runs.get(RUNS / 2).map_or(f64::NAN, |[time, _]| *time);
        Ok([
            middle,
            runs.iter().fold(0.0, |most, [_, memory]| memory.max(most)),
        ])
    }

    /// Milliseconds of a search by who searched the other image before.
    fn search_after(&self, first: &Path, image: &Path) -> Result<[f64; 1], LabError> {
        let home = home()?;
        self.run(&home, first)?;
        let ran = self.run(&home, image)?;
        Ok([milliseconds(ran.time)])
    }
}

fn home() -> Result<TempDir, LabError> {
    tempfile::tempdir().map_err(LabError::file("create a folder in", Path::new("/tmp")))
}

const RUNS: usize = 3;
