//! What a build's grants may hold: the command line and the files brought together.

use std::path::Path;

use keystay_proto::control::{Hosts, Repos, Route};

use super::{ConfigError, project::Project, user::User};
use crate::{
    cli::{HostName, KeySource, Options, Repo, Ttl},
    engine::Variables,
};

/// What a build's grants may hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Settings {
    /// Where keys come from; the agent's own choice where there are none.
    pub(crate) keys: Vec<KeySource>,
    /// Which of them are for some repositories only.
    pub(crate) routes: Vec<Route>,
    /// The hosts.
    pub(crate) hosts: Hosts,
    /// The repositories.
    pub(crate) repos: Repos,
    /// How long a grant lives.
    pub(crate) ttl: Ttl,
}

impl Settings {
    /// What the command line and the user's file say.
    pub(crate) fn of_user(options: &Options, variables: &Variables) -> Result<Self, ConfigError> {
        let (path, user) = User::load(variables)?;
        let keys = if options.keys.is_empty() {
            user.keys.iter().map(|key| key.source.clone()).collect()
        } else {
            options.keys.clone()
        };
        let hosts = match (user.hosts(), options.hosts.as_slice()) {
            (None, []) => Hosts::Known,
            (None, named) => only(named),
            (Some(limit), []) => only(&limit),
            (Some(limit), named) => match named.iter().find(|host| !limit.contains(host)) {
                Some(host) => {
                    let host = host.as_str().to_owned();
                    return Err(ConfigError::Limit { path, host });
                }
                None => only(named),
            },
        };
        let named = || options.repos.iter().map(|Repo(pattern)| pattern.clone());
        Ok(Self {
            routes: user.routes(&keys),
            keys,
            hosts,
            repos: if options.repos.is_empty() {
                Repos::Any
            } else {
                Repos::Only(named().collect())
            },
            ttl: options.ttl.unwrap_or_default(),
        })
    }

    /// Narrowed by the project's file for a Dockerfile in this folder, where the command line does not
    /// say otherwise; and what the user should know.
    pub(crate) fn narrowed(
        mut self,
        options: &Options,
        folder: &Path,
        variables: &Variables,
    ) -> Result<(Self, Option<String>), ConfigError> {
        let Some((path, project)) = Project::near(folder, variables)? else {
            return Ok((self, None));
        };
        if let (Repos::Any, Some(repos)) = (&self.repos, project.repos) {
            let patterns = repos.into_iter().map(|repo| repo.0.0);
            self.repos = Repos::Only(patterns.collect());
        }
        let wanted = project.ttl.map(|ttl| ttl.0);
        let Some(wanted) = wanted.filter(|_| options.ttl.is_none()) else {
            return Ok((self, None));
        };
        if wanted.seconds() <= self.ttl.seconds() {
            self.ttl = wanted;
            return Ok((self, None));
        }
        let note = format!(
            "{} asks for {wanted}; a build gets {} unless you say `--ttl {wanted}`",
            path.display(),
            self.ttl
        );
        Ok((self, Some(note)))
    }

    /// The environment variables that hold keys.
    pub(crate) fn key_variables(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().filter_map(|source| match source {
            KeySource::Env(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// Whether standard input holds a key.
    pub(crate) fn takes_stdin(&self) -> bool {
        self.keys.contains(&KeySource::Stdin)
    }
}

fn only(hosts: &[HostName]) -> Hosts {
    Hosts::Only(hosts.iter().map(|host| host.as_str().to_owned()).collect())
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsString, fs};

    use tempfile::TempDir;

    use super::*;
    use crate::cli::{self, Parsed};

    struct Home(TempDir);

    impl Home {
        fn with(config: &str, project: &str) -> Self {
            let home = tempfile::tempdir().unwrap();
            for (name, text) in [
                (".config/keystay/config.toml", config),
                ("project/keystay.toml", project),
            ] {
                let path = home.path().join(name);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            Self(home)
        }

        fn settings(&self, line: &str) -> Result<(Settings, Option<String>), String> {
            let line = format!("keystay {line} build .");
            let words: Vec<_> = line.split_whitespace().map(OsString::from).collect();
            let Ok(Parsed::Run(cli)) = cli::parse(&words) else {
                panic!("{line}")
            };
            let home = self.0.path();
            let variables = [("HOME", home.to_str().unwrap())].into_iter().collect();
            let told = |error: ConfigError| error.to_string().replace(home.to_str().unwrap(), "~");
            let user = Settings::of_user(&cli.options, &variables).map_err(told)?;
            user.narrowed(&cli.options, &home.join("project"), &variables)
                .map_err(told)
        }
    }

    fn patterns(repos: &Repos) -> Vec<String> {
        match repos {
            Repos::Any => vec!["any".to_owned()],
            Repos::Only(patterns) => patterns.iter().map(ToString::to_string).collect(),
        }
    }

    #[test]
    fn a_project_narrows_and_the_command_line_wins() {
        let home = Home::with("", "repos = [\"h/a\"]\nttl = \"5m\"\n");
        let (settings, note) = home.settings("").unwrap();
        assert_eq!(patterns(&settings.repos), ["h/a"]);
        assert_eq!((settings.ttl.seconds(), note), (300, None));
        let (settings, _) = home.settings("--repo h/b --ttl 1h").unwrap();
        assert_eq!(patterns(&settings.repos), ["h/b"]);
        assert_eq!(settings.ttl.seconds(), 3600);
    }

    #[test]
    fn a_project_cannot_widen() {
        let home = Home::with("", "ttl = \"2h\"\n");
        let (settings, note) = home.settings("").unwrap();
        assert_eq!(settings.ttl.seconds(), 1800);
        let note = note.unwrap();
        assert!(
            note.ends_with("keystay.toml asks for 2h; a build gets 30m unless you say `--ttl 2h`"),
            "{note}"
        );
    }

    #[test]
    fn the_users_keys_serve_builds_that_name_none() {
        let home = Home::with(
            "[[key]]\nsource = { file = \"~/a\" }\nrepos = [\"h/a\"]\n[[key]]\nsource = \"agent\"\n",
            "",
        );
        let (settings, _) = home.settings("").unwrap();
        assert_eq!((settings.keys.len(), settings.routes.len()), (2, 1));
        let (settings, _) = home.settings("--key stdin").unwrap();
        assert_eq!(settings.keys, [KeySource::Stdin]);
        assert_eq!(settings.routes, []);
        assert_eq!(patterns(&settings.repos), ["any"]);
    }

    #[test]
    fn nothing_is_granted_outside_of_the_users_limit() {
        let home = Home::with("[limit]\nhosts = [\"h\", \"i\"]\n", "");
        let hosts = |line| home.settings(line).map(|(settings, _)| settings.hosts);
        let only = |hosts: &[&str]| Hosts::Only(hosts.iter().map(|&host| host.into()).collect());
        assert_eq!(hosts(""), Ok(only(&["h", "i"])));
        assert_eq!(hosts("--host i"), Ok(only(&["i"])));
        assert_eq!(
            hosts("--host x"),
            Err("~/.config/keystay/config.toml does not allow the host x".to_owned())
        );
    }
}
