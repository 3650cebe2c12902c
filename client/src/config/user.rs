//! `config.toml`: which keys serve which repositories, and what is never granted.

use std::path::PathBuf;

use keystay_proto::{Fingerprint, control::Route};
use serde::Deserialize;

use super::{
    ConfigError,
    file::{self, Text, values},
};
use crate::{
    cli::{HostName, KeySource, Repo, Ttl},
    engine::Variables,
};

/// The user's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct User {
    /// The keys of builds that name none.
    #[serde(default, rename = "key")]
    pub(super) keys: Vec<Key>,
    /// What is never granted.
    #[serde(default)]
    limit: Limit,
}

/// A key and what it is for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Table")]
pub(super) struct Key {
    /// Where it comes from.
    pub(super) source: KeySource,
    /// The repositories that it serves; every one where there is no list.
    repos: Option<Vec<Repo>>,
}

impl User {
    /// The user's file and what it says; nothing where there is none.
    pub(super) fn load(variables: &Variables) -> Result<(PathBuf, Self), ConfigError> {
        let Some(folder) = variables.config_folder() else {
            return Ok(<_>::default());
        };
        let path = folder.join("keystay/config.toml");
        let user = file::read_own(&path)?.unwrap_or_default();
        Ok((path, user))
    }

    /// The keys of these sources that are for some repositories only.
    pub(super) fn routes(&self, sources: &[KeySource]) -> Vec<Route> {
        let used = self.keys.iter().filter(|key| sources.contains(&key.source));
        used.filter_map(|key| {
            let repos = key.repos.as_ref()?;
            Some(Route {
                source: key.source.to_string(),
                repos: repos.iter().map(|Repo(pattern)| pattern.clone()).collect(),
            })
        })
        .collect()
    }

    /// The hosts outside of which nothing is granted.
    pub(super) fn hosts(&self) -> Option<Vec<HostName>> {
        self.limit.hosts.clone().map(values)
    }
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limit {
    hosts: Option<Vec<Text<HostName>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    source: Source,
    fingerprint: Option<Text<Fingerprint>>,
    repos: Option<Vec<Text<Repo>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Source {
    Agent,
    Stdin,
    File(String),
    Env(String),
    Certificate(Certificate),
}

/// The words of a command that certifies a key, and for how long at most.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Certificate {
    command: Vec<String>,
    ttl: Option<Text<Ttl>>,
}

/// A key that cannot be.
#[derive(Debug, thiserror::Error)]
enum KeyError {
    #[error("a fingerprint chooses among the keys of an agent; it goes with `source = \"agent\"`")]
    Fingerprint,
    #[error("`file` and `env` name a file and a variable")]
    Name,
    #[error("`command` is a program and what it is given, a list of texts")]
    Command,
}

impl TryFrom<Table> for Key {
    type Error = KeyError;

    fn try_from(table: Table) -> Result<Self, KeyError> {
        let fingerprint = table.fingerprint.map(|Text(fingerprint)| fingerprint);
        let named = |text: String| text.parse().map_err(|_| KeyError::Name);
        let source = match (table.source, fingerprint) {
            (Source::Agent, fingerprint) => KeySource::Agent(fingerprint),
            (_, Some(_)) => return Err(KeyError::Fingerprint),
            (Source::Stdin, None) => KeySource::Stdin,
            (Source::File(path), None) => named(format!("file:{path}"))?,
            (Source::Certificate(Certificate { command, ttl }), None) => {
                let words = command.iter().map(String::as_str);
                let line = shlex::try_join(words).map_err(|_| KeyError::Command)?;
                if command.first().is_none_or(String::is_empty) {
                    return Err(KeyError::Command);
                }
                KeySource::Certificate(ttl.map(|Text(ttl)| ttl), line)
            }
            (Source::Env(name), None) => named(format!("env:{name}"))?,
        };
        Ok(Self {
            source,
            repos: table.repos.map(values),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<User, String> {
        file::read_text(text).map_err(|error: ConfigError| error.to_string())
    }

    #[test]
    fn keys_are_read_in_every_form() {
        let fingerprint = Fingerprint::of(b"key");
        let text = format!(
            "[[key]]\nsource = \"agent\"\nfingerprint = \"{fingerprint}\"\n\
             [[key]]\nsource = {{ file = \"~/.ssh/deploy\" }}\nrepos = [\"git@h:a/b.git\"]\n\
             [[key]]\nsource = {{ env = \"K\" }}\n[[key]]\nsource = \"stdin\"\n\
             [[key]]\nsource = {{ certificate = {{ command = [\"sign\", \"a b\"], ttl = \"5m\" }} }}\n\
             [limit]\nhosts = [\"h\", \"h:2222\"]\n"
        );
        let user = read(&text).unwrap();
        let sources: Vec<_> = user.keys.iter().map(|key| key.source.clone()).collect();
        let texts: Vec<_> = sources.iter().map(ToString::to_string).collect();
        let agent = format!("agent:{fingerprint}");
        let certificate = "certificate,ttl=5m:sign 'a b'";
        assert_eq!(
            texts,
            [&agent, "file:~/.ssh/deploy", "env:K", "stdin", certificate]
        );
        let routes = user.routes(&sources);
        assert_eq!(routes.len(), 1);
        assert_eq!(routes[0].source, "file:~/.ssh/deploy");
        assert_eq!(routes[0].repos[0].to_string(), "h/a/b");
        assert_eq!(user.routes(&[KeySource::Stdin]), []);
        let hosts = user.hosts().unwrap();
        assert_eq!([hosts[0].as_str(), hosts[1].as_str()], ["h", "[h]:2222"]);
    }

    #[test]
    fn mistakes_are_told_with_line_and_column() {
        for (text, error) in [
            (
                "[limits]\n",
                "file:1:2: unknown field `limits`, expected `key` or `limit`",
            ),
            (
                "[[key]]\nsource = { file = \"a\" }\nfingerprint = \"SHA256:x\"\n",
                "file:3:15: ",
            ),
            (
                "[[key]]\nsource = \"vault\"\n",
                "file:2:10: unknown variant `vault`",
            ),
            (
                "[[key]]\nsource = { certificate = { command = [] } }\n",
                "file:1:1: `command` is a program and what it is given, a list of texts",
            ),
            ("[[key]]\n", "file:1:1: missing field `source`"),
            (
                "[limit]\nhosts = [\"*\"]\n",
                "file:2:9: \"*\": a host is HOST",
            ),
        ] {
            let told = read(text).unwrap_err();
            assert!(told.starts_with(error), "{told}");
        }
        let fingerprint = Fingerprint::of(b"key");
        let text = format!("[[key]]\nsource = \"stdin\"\nfingerprint = \"{fingerprint}\"\n");
        let told = read(&text).unwrap_err();
        assert!(told.contains("a fingerprint chooses among"), "{told}");
    }
}
