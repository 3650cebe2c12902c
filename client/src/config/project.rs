//! `keystay.toml`: what a project's builds need.

use std::{
    io,
    path::{Path, PathBuf},
};

use serde::Deserialize;

use super::{
    ConfigError,
    file::{self, Text},
};
use crate::{
    cli::{Repo, Ttl},
    engine::Variables,
};

/// What a project's builds need.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Project {
    /// The repositories, and no others.
    pub(super) repos: Option<Vec<Text<Repo>>>,
    /// How long a build may take.
    pub(super) ttl: Option<Text<Ttl>>,
}

impl Project {
    /// The file that is nearest to a Dockerfile: beside it or above it.
    pub(super) fn near(
        folder: &Path,
        variables: &Variables,
    ) -> Result<Option<(PathBuf, Self)>, ConfigError> {
        let home = variables.get("HOME").map(Path::new);
        let Some(path) = file::above(folder, NAME, home) else {
            return Ok(None);
        };
        match file::read(&path)? {
            Some(project) => Ok(Some((path, project))),
            None => Err(ConfigError::Read {
                path,
                source: io::ErrorKind::NotFound.into(),
            }),
        }
    }
}

const NAME: &str = "keystay.toml";

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::symlink};

    use super::*;

    fn error(text: &str) -> String {
        file::read_text::<Project>(text).unwrap_err().to_string()
    }

    #[test]
    fn mistakes_are_told_with_line_and_column() {
        assert_eq!(
            error("ttl = \"30m\"\n  repo = []\n"),
            "file:2:3: unknown field `repo`, expected `repos` or `ttl`"
        );
        assert_eq!(
            error("repos = [\"h/a\", \"h\"]\n"),
            "file:1:9: \"h\": a repository is written as HOST/PATH or HOST:PORT/PATH"
        );
        assert_eq!(
            error("ttl = \"30\"\n"),
            "file:1:7: \"30\": write it as 30m, 90s or 2h"
        );
    }

    #[test]
    fn a_file_that_cannot_be_read_is_not_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        let near = || Project::near(folder.path(), &Variables::default());
        symlink("nowhere", &path).unwrap();
        assert!(near().is_err());
        fs::remove_file(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert!(near().is_err());
    }

    #[test]
    fn the_nearest_file_counts_and_none_above_the_home() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("home/project/app");
        fs::create_dir_all(&deep).unwrap();
        let home = root.path().join("home");
        let variables = [("HOME", home.to_str().unwrap())].into_iter().collect();
        let near = |folder: &Path| {
            let found = Project::near(folder, &variables).unwrap();
            found.map(|(_, project)| project.repos.unwrap().len())
        };
        fs::write(root.path().join(NAME), "repos = []").unwrap();
        assert_eq!(near(&deep), None);
        fs::write(home.join("project").join(NAME), "repos = [\"h/a\"]").unwrap();
        assert_eq!(near(&deep), Some(1));
        fs::write(deep.join(NAME), "repos = [\"h/a\", \"h/b\"]").unwrap();
        assert_eq!(near(&deep), Some(2));
    }
}
