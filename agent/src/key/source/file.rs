//! A private key file.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::{MetadataExt as _, OpenOptionsExt as _},
    path::Path,
};

use rustix::{fs::OFlags, process::geteuid};

use super::{
    Environment, Fault, Place, Source, SourceError,
    local::{self, MAX_CONTENT},
};
use crate::{key::Key, prompt::Prompt, secret::Secret};

/// The key in the file at `path`.
pub(super) fn load(
    source: &Source,
    path: &Path,
    environment: &Environment,
    prompt: &mut dyn Prompt,
) -> Result<Key, SourceError> {
    let Some(path) = environment.expand(path) else {
        return Err(Fault::NoHome.at(Place::File(path.to_path_buf())));
    };
    let place = Place::File(path.clone());
    let content = read(&path).map_err(|fault| fault.at(place.clone()))?;
    local::key(source, &place, content, prompt)
}

/// Opens first and looks then, so that what is checked is what is read.
fn read(path: &Path) -> Result<Secret, Fault> {
    let mut file = open(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Fault::Missing,
        _ => Fault::Unreadable(error),
    })?;
    check(&file)?;
    let content = Secret::read(&mut file, MAX_CONTENT).map_err(Fault::Unreadable)?;
    let content = content.ok_or(Fault::TooLong(MAX_CONTENT))?;
    if content.bytes().is_empty() {
        Err(Fault::Empty)
    } else {
        Ok(content)
    }
}

/// A pipe without a writer does not hold the opening up, a terminal does not become ours.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY;
    OpenOptions::new()
        .read(true)
        .custom_flags(flags.bits().cast_signed())
        .open(path)
}

fn check(file: &File) -> Result<(), Fault> {
    let found = file.metadata().map_err(Fault::Unreadable)?;
    let owner = found.uid();
    let mode = found.mode() & 0o7777;
    if !found.is_file() {
        Err(Fault::NotAFile)
    } else if owner != 0 && owner != geteuid().as_raw() {
        Err(Fault::ForeignOwner { owner })
    } else if mode & 0o077 != 0 {
        Err(Fault::OpenToOthers { mode })
    } else {
        Ok(())
    }
}
