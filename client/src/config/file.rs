//! Files of settings, and the texts in them.

use std::{
    fmt::Display,
    fs::{self, Metadata},
    io,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error as _};

use super::{ConfigError, error::OfOthers};
use crate::regular;

/// Reads a file, if there is one.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, ConfigError> {
    let content = regular::read(path, MAX_FILE);
    content.map_or_else(|error| failed(path, error), |content| parsed(path, content))
}

/// Reads a file that nobody but the user and root may change: it names keys, and programs to run.
pub(super) fn read_own<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, ConfigError> {
    let mut fault = None;
    let content = regular::read_checked(path, MAX_FILE, |data| {
        fault = changed_by_others(data);
        fault.map_or(Ok(()), |_| Err(io::ErrorKind::PermissionDenied.into()))
    });
    match (content, fault) {
        (Ok(content), _) => parsed(path, content),
        (Err(_), Some(fault)) => Err(ConfigError::OfOthers {
            path: path.to_owned(),
            fault,
        }),
        (Err(error), None) => failed(path, error),
    }
}

fn changed_by_others(data: &Metadata) -> Option<OfOthers> {
    let owner = data.uid();
    let mode = data.mode() & 0o7777;
    if owner != 0 && owner != rustix::process::geteuid().as_raw() {
        Some(OfOthers::Owner(owner))
    } else if mode & 0o022 != 0 {
        Some(OfOthers::Mode(mode))
    } else {
        None
    }
}

fn failed<T>(path: &Path, source: io::Error) -> Result<Option<T>, ConfigError> {
    if is_absence(&source) {
        return Ok(None);
    }
    let path = path.to_owned();
    Err(ConfigError::Read { path, source })
}

fn parsed<T: DeserializeOwned>(path: &Path, content: Vec<u8>) -> Result<Option<T>, ConfigError> {
    match String::from_utf8(content) {
        Ok(text) => parse(&text, path).map(Some),
        Err(_) => failed(path, io::Error::new(io::ErrorKind::InvalidData, NO_TEXT)),
    }
}

/// The nearest file of this name in a folder or above it, no further than the home.
pub(super) fn above(folder: &Path, name: &str, home: Option<&Path>) -> Option<PathBuf> {
    let folder = fs::canonicalize(folder).ok()?;
    let home = home.and_then(|home| fs::canonicalize(home).ok());
    for folder in folder.ancestors() {
        let path = folder.join(name);
        // What cannot be read is no reason to go on without it.
        if fs::symlink_metadata(&path).is_ok() {
            return Some(path);
        }
        if home.as_deref() == Some(folder) {
            return None;
        }
    }
    None
}

fn parse<T: DeserializeOwned>(text: &str, path: &Path) -> Result<T, ConfigError> {
    toml::from_str(text).map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let before = text.get(..start).unwrap_or(text);
        let begun = before.rsplit('\n').next().unwrap_or_default();
        ConfigError::Form {
            path: path.to_owned(),
            line: before.matches('\n').count().saturating_add(1),
            column: begun.chars().count().saturating_add(1),
            message: error.message().trim().replace('\n', " "),
        }
    })
}

fn is_absence(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// A value that is written as a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Text<T>(pub(super) T);

impl<'de, T> Deserialize<'de> for Text<T>
where
    T: FromStr<Err: Display>,
{
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let parsed = text.parse().map(Self);
        parsed.map_err(|error| D::Error::custom(format!("{text:?}: {error}")))
    }
}

/// The values of a list of texts.
pub(super) fn values<T>(texts: Vec<Text<T>>) -> Vec<T> {
    texts.into_iter().map(|Text(value)| value).collect()
}

/// In bytes.
const MAX_FILE: u64 = 1024 * 1024;
const NO_TEXT: &str = "it is not UTF-8 text";

#[cfg(test)]
pub(super) fn read_text<T: DeserializeOwned>(text: &str) -> Result<T, ConfigError> {
    parse(text, Path::new("file"))
}

#[cfg(test)]
mod tests {
    use std::{fs::Permissions, os::unix::fs::PermissionsExt as _};

    use super::*;

    #[test]
    fn a_file_that_others_may_change_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        fs::write(&path, "a = 1\n").unwrap();
        let told = |mode| {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let read = read_own::<toml::Table>(&path);
            read.map(|found| found.unwrap().len())
                .map_err(|error| (error.to_string(), error.hints().join("; ")))
        };
        for mode in [0o600, 0o644] {
            assert_eq!(told(mode), Ok(1));
        }
        let shown = path.display();
        for mode in [0o660, 0o602, 0o666] {
            let error = format!("{shown} can be changed by others (mode 0{mode:o})");
            let hint = format!("chmod go-w '{shown}'");
            assert_eq!(told(mode), Err((error, hint)));
        }
        assert!(
            read_own::<toml::Table>(&folder.path().join("none"))
                .unwrap()
                .is_none()
        );
    }

    #[test]
    fn what_has_no_end_is_not_read() {
        let read = read_own::<toml::Table>(Path::new("/dev/zero")).unwrap_err();
        assert_eq!(
            read.to_string(),
            "cannot read /dev/zero: it is no regular file"
        );
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keystay.toml");
        let file = fs::File::create(&path).unwrap();
        file.set_len(MAX_FILE + 1).unwrap();
        let told = super::read::<toml::Table>(&path).unwrap_err().to_string();
        assert!(told.ends_with("it is longer than 1048576 bytes"), "{told}");
    }
}
