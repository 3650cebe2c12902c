//! SSH libraries of Python, in an environment of their own.

use std::path::{Path, PathBuf};
use std::process::Command;

use super::LabError;
use super::file;
use super::paths::Paths;
use super::process::{run, say};

/// Makes the environment unless it stands, and returns its Python.
pub(super) fn ensure(paths: &Paths) -> Result<PathBuf, LabError> {
    let python = folder(paths).join("bin/python");
    let stamp = paths.stamp("python");
    if is_made(paths)? && python.exists() {
        return Ok(python);
    }
    say("installing SSH libraries of Python");
    file::remove(&folder(paths))?;
    run(Command::new("/usr/bin/python3")
        .args(["-m", "venv"])
        .arg(folder(paths)))?;
    install(paths, &python)?;
    file::write(&stamp, PACKAGES, 0o644)?;
    Ok(python)
}

/// Whether the packages that are asked for now are installed.
pub(super) fn is_made(paths: &Paths) -> Result<bool, LabError> {
    Ok(file::read(&paths.stamp("python"))?.as_deref() == Some(PACKAGES))
}

fn install(paths: &Paths, python: &Path) -> Result<(), LabError> {
    let list = folder(paths).join("packages.txt");
    file::write(&list, PACKAGES, 0o644)?;
    // Nothing is compiled here, and nothing comes along that the list does not name.
    let mut pip = Command::new(python);
    pip.args(["-m", "pip", "install", "--quiet", "--no-deps"])
        .args(["--only-binary=:all:", "--disable-pip-version-check", "-r"])
        .arg(&list);
    let installed = run(&mut pip).map(drop);
    installed.map_err(|source| LabError::Python {
        packages: names().join(" "),
        source: Box::new(source),
    })
}

fn names() -> Vec<&'static str> {
    let lines = PACKAGES.lines();
    lines.filter(|line| !line.starts_with('#')).collect()
}

fn folder(paths: &Paths) -> PathBuf {
    paths.root().join("python")
}

/// Every package with its version.
const PACKAGES: &str = include_str!("../../lab/python.txt");
