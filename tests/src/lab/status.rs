//! What of the lab stands.

use std::fmt;

use super::arm64::{self, ARM64_IMAGE};
use super::daemonless::{self, Daemonless};
use super::engine::{self, Engine};
use super::host::{self, GitHost};
use super::paths::Paths;
use super::{
    DEPENDENCIES, IMAGES, KEYS, LARGE, LabError, REPOSITORIES, WITH_SUBMODULES, python, repo,
};

/// What of the lab stands, printed as a table.
#[derive(Clone, Debug)]
pub struct Status {
    folder: String,
    rows: Vec<Row>,
}

impl Status {
    /// Whether everything stands but what is made on demand.
    #[must_use]
    pub fn stands(&self) -> bool {
        !self.rows.is_empty() && self.rows.iter().all(|row| row.state != State::Down)
    }

    pub(super) fn of(paths: &Paths) -> Result<Self, LabError> {
        let folder = paths.root().display().to_string();
        if !paths.root().exists() {
            return Ok(Self {
                folder,
                rows: Vec::new(),
            });
        }
        let mut rows = Vec::new();
        let engines = engine::find(paths);
        rows.extend(engines.iter().map(engine_row));
        let daemonless = daemonless::find(paths);
        rows.extend(daemonless.iter().map(daemonless_row));
        rows.extend(engines.iter().map(images_row));
        rows.push(loaded_row(paths));
        rows.extend(engines.get(1).map(|engine| arm64_row(paths, engine)));
        rows.push(python_row(paths)?);
        rows.extend(host::find(paths)?.iter().map(host_row));
        rows.push(repositories_row(paths));
        rows.push(keys_row(paths));
        Ok(Self { folder, rows })
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "lab in {}", self.folder)?;
        if self.rows.is_empty() {
            return writeln!(f, "not there: `cargo xtask lab up` makes it");
        }
        for Row {
            kind,
            name,
            state,
            detail,
        } in &self.rows
        {
            let state = state.word();
            writeln!(f, "{kind:<13} {name:<13} {state:<5} {detail}")?;
        }
        Ok(())
    }
}

#[derive(Clone, Debug)]
struct Row {
    kind: &'static str,
    name: String,
    state: State,
    detail: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Up,
    Down,
    OnDemand,
}

impl State {
    fn of(stands: bool) -> Self {
        if stands { Self::Up } else { Self::Down }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Up => "up",
            Self::Down => "DOWN",
            Self::OnDemand => "-",
        }
    }
}

fn engine_row(engine: &Engine) -> Row {
    let version = engine.version().unwrap_or_else(|| "-".to_owned());
    Row {
        kind: "engine",
        name: engine.name().to_owned(),
        state: State::of(engine.is_up()),
        detail: format!("{version}  {}", engine.socket().display()),
    }
}

fn daemonless_row(tool: &Daemonless) -> Row {
    let version = tool.version();
    Row {
        kind: "engine",
        name: tool.name().to_owned(),
        state: State::of(version.is_some()),
        detail: format!("{}  no server", version.as_deref().unwrap_or("-")),
    }
}

fn loaded_row(paths: &Paths) -> Row {
    let images = daemonless::images(paths);
    let (there, missing) = split(IMAGES, |image| images.iter().any(|name| name == image));
    Row {
        kind: "images",
        name: "podman".to_owned(),
        state: State::of(missing.is_empty()),
        detail: listed(&there, &missing),
    }
}

fn images_row(engine: &Engine) -> Row {
    let (there, missing) = split(IMAGES, |image| engine.has_image(image));
    Row {
        kind: "images",
        name: engine.name().to_owned(),
        state: State::of(missing.is_empty()),
        detail: listed(&there, &missing),
    }
}

fn arm64_row(paths: &Paths, engine: &Engine) -> Row {
    let stands = arm64::is_registered(paths) && engine.has_image(ARM64_IMAGE);
    Row {
        kind: "arm64",
        name: engine.name().to_owned(),
        state: if stands { State::Up } else { State::OnDemand },
        detail: if stands {
            ARM64_IMAGE
        } else {
            "made when a test asks"
        }
        .to_owned(),
    }
}

fn python_row(paths: &Paths) -> Result<Row, LabError> {
    let stands = python::is_made(paths)?;
    Ok(Row {
        kind: "python",
        name: "libraries".to_owned(),
        state: if stands { State::Up } else { State::OnDemand },
        detail: if stands {
            "paramiko, asyncssh, pygit2"
        } else {
            "made when a test asks"
        }
        .to_owned(),
    })
}

fn host_row(host: &GitHost) -> Row {
    Row {
        kind: "git host",
        name: host.name().to_owned(),
        state: State::of(host.is_up()),
        detail: format!(
            "git@127.0.0.1:{}  log {}",
            host.port(),
            host.log().display()
        ),
    }
}

fn repositories_row(paths: &Paths) -> Row {
    let there = |name: &str| repo::bare(paths, name).is_dir();
    let missing: Vec<_> = repo::names()
        .into_iter()
        .filter(|name| !there(name))
        .collect();
    let mut names = REPOSITORIES.map(|repository| repository.name).to_vec();
    names.extend([WITH_SUBMODULES.name, LARGE]);
    names.retain(|name| there(name));
    let small = DEPENDENCIES.iter().filter(|small| there(small.name));
    Row {
        kind: "repositories",
        name: "both hosts".to_owned(),
        state: State::of(missing.is_empty()),
        detail: format!(
            "{}  and {} acme/dep-*",
            listed(&names, &missing),
            small.count()
        ),
    }
}

fn keys_row(paths: &Paths) -> Row {
    let names = KEYS.map(|key| key.name);
    let (there, missing) = split(names, |name| paths.keys().join(name).is_file());
    Row {
        kind: "keys",
        name: paths.keys().display().to_string(),
        state: State::of(missing.is_empty()),
        detail: listed(&there, &missing),
    }
}

fn split<const N: usize>(
    names: [&'static str; N],
    is_there: impl Fn(&str) -> bool,
) -> (Vec<&'static str>, Vec<&'static str>) {
    names.into_iter().partition(|name| is_there(name))
}

fn listed(there: &[&str], missing: &[&str]) -> String {
    if missing.is_empty() {
        return there.join(" ");
    }
    format!("{}  missing: {}", there.join(" "), missing.join(" "))
}
