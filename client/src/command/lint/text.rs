//! The Dockerfile that is looked through: where it comes from, and where its repair goes.

use std::{
    ffi::OsStr,
    fs::{self, File},
    io::{self, Read, Write as _},
    os::unix::fs::{MetadataExt as _, fchown},
    path::{Path, PathBuf},
};

use tempfile::NamedTempFile;

use crate::{
    dockerfile::{MAX_DOCKERFILE, ParseError},
    engine::dockerignore_for,
    output::printable,
};

/// Why a Dockerfile is not looked through, or not repaired.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LintError {
    /// It is not there, or may not be read.
    #[error("cannot read {name}: {source}")]
    Read { name: String, source: io::Error },
    /// It is no text.
    #[error("{name} is not UTF-8 text")]
    NotText { name: String },
    /// It is no Dockerfile.
    #[error("cannot read {name}: {source}")]
    Parse { name: String, source: ParseError },
    /// The repaired one cannot be written; the old one is as it was.
    #[error("cannot write {name}: {source}")]
    Write { name: String, source: io::Error },
}

impl LintError {
    /// What to do about it.
    pub(crate) fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::Read { .. } | Self::NotText { .. } => {
                "name the Dockerfile: `keystay lint PATH`, or `-` for standard input"
            }
            Self::Parse { .. } => "the engine does not read it either",
            Self::Write { .. } => {
                "it is as it was; `keystay lint --fix - < PATH` prints the repaired one"
            }
        };
        vec![hint.to_owned()]
    }
}

/// A Dockerfile.
#[derive(Debug)]
pub(super) struct Text {
    name: String,
    content: String,
    /// Nothing for standard input.
    path: Option<PathBuf>,
}

impl Text {
    /// Reads it from a file, or for `-` from standard input.
    pub(super) fn read(named: &OsStr) -> Result<Self, LintError> {
        let path = (named != "-").then(|| PathBuf::from(named));
        let name = match &path {
            Some(path) => printable(&path.to_string_lossy()).into_owned(),
            None => "standard input".to_owned(),
        };
        let bytes = match &path {
            Some(path) => File::open(path).and_then(content),
            None => content(io::stdin().lock()),
        };
        let bytes = bytes.map_err(|source| LintError::Read {
            name: name.clone(),
            source,
        })?;
        match String::from_utf8(bytes) {
            Ok(content) => Ok(Self {
                name,
                content,
                path,
            }),
            Err(_) => Err(LintError::NotText { name }),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn content(&self) -> &str {
        &self.content
    }

    pub(super) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// The folder that it is in.
    pub(super) fn folder(&self) -> Option<PathBuf> {
        let folder = self.path()?.parent()?;
        Some(if folder.as_os_str().is_empty() {
            ".".into()
        } else {
            folder.to_owned()
        })
    }

    /// The ignore file of a build of it in a folder.
    pub(super) fn ignore_file(&self, root: &Path) -> PathBuf {
        let own = self.path().map(dockerignore_for);
        own.filter(|path| path.exists())
            .unwrap_or_else(|| root.join(".dockerignore"))
    }

    /// The error that it is no Dockerfile.
    pub(super) fn refused(&self, source: ParseError) -> LintError {
        LintError::Parse {
            name: self.name.clone(),
            source,
        }
    }

    /// Puts other content in its place, whole or not at all; of standard input, prints it.
    pub(super) fn write(&self, content: &str) -> Result<(), LintError> {
        let written = match self.path() {
            Some(_) if content == self.content => Ok(()),
            Some(path) => replace(path, content.as_bytes()),
            None => io::stdout().lock().write_all(content.as_bytes()),
        };
        written.map_err(|source| LintError::Write {
            name: self.name.clone(),
            source,
        })
    }
}

/// One byte more than a Dockerfile may have, so that what is longer is refused.
fn content(source: impl Read) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source
        .take(u64::try_from(MAX_DOCKERFILE + 1).unwrap_or(u64::MAX))
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Follows links: the file that they lead to is replaced, with its mode and owner.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let path = path.canonicalize()?;
    let old = fs::metadata(&path)?;
    let folder = path.parent().unwrap_or_else(|| Path::new("/"));
    let mut file = NamedTempFile::new_in(folder)?;
    file.write_all(content)?;
    file.as_file().set_permissions(old.permissions())?;
    if file.as_file().metadata()?.uid() != old.uid() {
        fchown(file.as_file(), Some(old.uid()), Some(old.gid()))?;
    }
    file.as_file().sync_all()?;
    file.persist(&path)?;
    Ok(())
}
