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
    #[error("{name} is not UTF-8 text: see line {line}")]
    NotText { name: String, line: usize },
    /// The folder that is sent with it is none.
    #[error("cannot read the context {name}: {source}")]
    Context { name: String, source: io::Error },
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
            Self::Read { .. } => {
                "name the Dockerfile: `keystay lint PATH`, or `-` for standard input"
            }
            Self::NotText { .. } => {
                "save it as UTF-8; `iconv -f ISO-8859-1 -t UTF-8 OLD >NEW` makes that of Latin-1"
            }
            Self::Context { .. } => "name the folder that is sent: `keystay lint --context DIR`",
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
            Err(error) => {
                let (text, _) = error.as_bytes().split_at(error.utf8_error().valid_up_to());
                let line = text.split(|byte| *byte == b'\n').count();
                Err(LintError::NotText { name, line })
            }
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
    fn folder(&self) -> Option<PathBuf> {
        let folder = self.path()?.parent()?;
        Some(if folder.as_os_str().is_empty() {
            ".".into()
        } else {
            folder.to_owned()
        })
    }

    /// The folder that is sent with it: the one that is named, or its own.
    pub(super) fn context(&self, named: Option<&Path>) -> Result<Option<PathBuf>, LintError> {
        let Some(folder) = named else {
            return Ok(self.folder());
        };
        let found = fs::read_dir(folder).map(|_| Some(folder.to_owned()));
        found.map_err(|source| LintError::Context {
            name: printable(&folder.to_string_lossy()).into_owned(),
            source,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_text_is_told_with_its_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Dockerfile");
        fs::write(&path, b"FROM a\n# caf\xe9\n").unwrap();
        let error = Text::read(path.as_os_str()).unwrap_err();
        let told = format!("{} is not UTF-8 text: see line 2", path.display());
        assert_eq!(error.to_string(), told);
        assert!(error.hints()[0].starts_with("save it as UTF-8"));
    }

    #[test]
    fn a_context_that_is_no_folder_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("Dockerfile");
        fs::write(&path, "FROM a\n").unwrap();
        let text = Text::read(path.as_os_str()).unwrap();
        assert_eq!(text.context(None).unwrap().as_deref(), Some(folder.path()));
        let none = folder.path().join("none");
        for (named, why) in [
            (&none, "No such file or directory"),
            (&path, "Not a directory"),
        ] {
            let error = text.context(Some(named)).unwrap_err();
            let start = format!("cannot read the context {}: {why}", named.display());
            assert!(error.to_string().starts_with(&start), "{error}");
            assert_eq!(crate::error::Error::Lint(error).exit_code().number(), 66);
        }
    }
}
