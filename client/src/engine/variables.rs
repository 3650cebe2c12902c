//! The environment as a value.

use std::{
    collections::BTreeMap,
    env,
    ffi::{OsStr, OsString},
    path::PathBuf,
};

/// Environment variables.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Variables(BTreeMap<OsString, OsString>);

impl Variables {
    /// Those of this process.
    pub(crate) fn of_process() -> Self {
        Self(env::vars_os().collect())
    }

    /// The value of a variable that is set and not empty.
    pub(crate) fn get(&self, name: &str) -> Option<&OsStr> {
        self.0
            .get(OsStr::new(name))
            .map(OsString::as_os_str)
            .filter(|value| !value.is_empty())
    }

    /// The same value as text, if it is text.
    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.get(name)?.to_str()
    }

    /// Sets a variable.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<OsString>) {
        self.0.insert(name.into(), value.into());
    }

    /// Removes a variable.
    pub(crate) fn remove(&mut self, name: &str) {
        self.0.remove(OsStr::new(name));
    }

    /// All of them.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&OsString, &OsString)> {
        self.0.iter()
    }

    /// All of them, as pairs.
    pub(crate) fn pairs(&self) -> Vec<(OsString, OsString)> {
        let pairs = self.iter();
        pairs
            .map(|(name, value)| (name.clone(), value.clone()))
            .collect()
    }

    /// The user's folder for caches: `XDG_CACHE_HOME` if that is an absolute path, else `~/.cache`.
    pub(crate) fn cache_folder(&self) -> Option<PathBuf> {
        self.folder("XDG_CACHE_HOME", ".cache")
    }

    /// The user's folder for configuration: `XDG_CONFIG_HOME` if that is an absolute path, else
    /// `~/.config`.
    pub(crate) fn config_folder(&self) -> Option<PathBuf> {
        self.folder("XDG_CONFIG_HOME", ".config")
    }

    /// The user's home, if it is an absolute path.
    pub(crate) fn home(&self) -> Option<PathBuf> {
        let home = self.get("HOME").map(PathBuf::from);
        home.filter(|home| home.is_absolute())
    }

    /// Docker's configuration folder: `DOCKER_CONFIG`, else `~/.docker`.
    pub(crate) fn docker_config(&self) -> Option<PathBuf> {
        let named = self.get("DOCKER_CONFIG").map(PathBuf::from);
        named.or_else(|| {
            self.get("HOME")
                .map(|home| PathBuf::from(home).join(".docker"))
        })
    }

    /// The folder that a variable names, else one of the home; relative paths count as none.
    fn folder(&self, variable: &str, of_home: &str) -> Option<PathBuf> {
        let absolute = |name| {
            self.get(name)
                .map(PathBuf::from)
                .filter(|path| path.is_absolute())
        };
        absolute(variable).or_else(|| Some(absolute("HOME")?.join(of_home)))
    }
}

impl<'a> FromIterator<(&'a str, &'a str)> for Variables {
    fn from_iter<I: IntoIterator<Item = (&'a str, &'a str)>>(pairs: I) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}
