//! Files of settings, and the texts in them.

use std::{
    fmt::Display,
    fs, io,
    path::{Path, PathBuf},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, de::DeserializeOwned, de::Error as _};

use super::ConfigError;

/// Reads a file, if there is one.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, ConfigError> {
    let text = match fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if is_absence(&error) => return Ok(None),
        Err(source) => {
            let path = path.to_owned();
            return Err(ConfigError::Read { path, source });
        }
    };
    parse(&text, path).map(Some)
}

/// The nearest file of this name in a folder or above it, no further than the home.
pub(super) fn above(folder: &Path, name: &str, home: Option<&Path>) -> Option<PathBuf> {
    let folder = fs::canonicalize(folder).ok()?;
    let home = home.and_then(|home| fs::canonicalize(home).ok());
    for folder in folder.ancestors() {
        let path = folder.join(name);
        if path.is_file() {
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

#[cfg(test)]
pub(super) fn read_text<T: DeserializeOwned>(text: &str) -> Result<T, ConfigError> {
    parse(text, Path::new("file"))
}
