//! Repositories of the command line and of configuration files.

use std::{borrow::Cow, str::FromStr};

use keystay_proto::git::{PatternError, RepoPattern};

/// Which repositories: a pattern (`HOST[:PORT]/PATH`), or a URL as git takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repo(pub(crate) RepoPattern);

/// Why a text names no repository that is fetched over ssh.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RepoError {
    #[error(transparent)]
    Pattern(#[from] PatternError),
    #[error("the port of an https URL is not that of ssh: write `{instead}`")]
    Port { instead: String },
    #[error("git does not take this for a repository over ssh: write `{instead}`")]
    NotSsh { instead: String },
}

impl FromStr for Repo {
    type Err = RepoError;

    fn from_str(text: &str) -> Result<Self, RepoError> {
        let pattern = match text.split_once("://") {
            Some((scheme, rest)) => url(scheme, rest)?,
            None => scp(text)?,
        };
        Ok(Self(pattern.parse()?))
    }
}

/// `[USER@]HOST[:PORT]/PATH` behind a scheme. The port of an `https` URL is not that of ssh.
fn url<'a>(scheme: &str, rest: &'a str) -> Result<Cow<'a, str>, RepoError> {
    let (authority, path) = rest.split_once('/').ok_or(PatternError::Form)?;
    let (_, place) = authority.rsplit_once('@').unwrap_or(("", authority));
    let (host, port) = match place.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        _ => (place, ""),
    };
    let instead = || format!("git@{host}:{path}");
    match (scheme, port) {
        ("ssh" | "git+ssh" | "ssh+git", "")
        | ("https" | "git+https", "" | "443")
        | ("http", "" | "80") => Ok(format!("{host}/{path}").into()),
        ("ssh" | "git+ssh" | "ssh+git", _) => Ok(format!("{place}/{path}").into()),
        ("https" | "git+https" | "http", _) => Err(RepoError::Port { instead: instead() }),
        _ => Err(RepoError::NotSsh { instead: instead() }),
    }
}

/// `[USER@]HOST:PATH`, with a port `[[USER@]HOST:PORT]:PATH`; what is neither may be a pattern.
fn scp(text: &str) -> Result<Cow<'_, str>, RepoError> {
    let (has_user, text) = without_user(text);
    let bracketed = text.find(']').unwrap_or_default();
    let (host, path) = match text.get(bracketed..).and_then(|rest| rest.find([':', '/'])) {
        Some(end) => text.split_at(bracketed.saturating_add(end)),
        None => (text.as_ref(), ""),
    };
    match path.strip_prefix(':') {
        Some(path) if has_user || has_port(host) || !begins_with_port(path) => {
            let host = unwrapped(host);
            Ok(format!("{host}/{}", path.trim_start_matches('/')).into())
        }
        None if has_user && !path.is_empty() => {
            let instead = format!("git@{host}:{}", path.trim_start_matches('/'));
            Err(RepoError::NotSsh { instead })
        }
        _ => Ok(text),
    }
}

/// Whether there is a user, and what is left without; a bracket before it stays.
fn without_user(text: &str) -> (bool, Cow<'_, str>) {
    match text.split_once('@') {
        Some((user, rest)) if !user.contains(['/', ':']) => {
            let bracket = if user.starts_with('[') { "[" } else { "" };
            (true, format!("{bracket}{rest}").into())
        }
        _ => (false, text.into()),
    }
}

/// Whether there is a port within the brackets of a host.
fn has_port(host: &str) -> bool {
    host.starts_with('[') && host.matches(':').count() == 1
}

/// A host without the brackets that no address needs.
fn unwrapped(host: &str) -> &str {
    let inner = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let name = inner.filter(|inner| inner.matches(':').count() < 2);
    name.unwrap_or(host)
}

/// Whether a pattern's port stands here.
fn begins_with_port(text: &str) -> bool {
    let first = text.split('/').next().unwrap_or_default();
    !first.is_empty() && first.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, RepoError> {
        text.parse::<Repo>().map(|repo| repo.0.to_string())
    }

    #[test]
    fn every_spelling_that_git_takes_is_one_pattern() {
        for text in [
            "github.com/acme/lib",
            "GitHub.com/acme/lib.git",
            "git@github.com:acme/lib.git",
            "git@github.com:/acme/lib",
            "github.com:acme/lib.git",
            "github.com:/acme/lib",
            "[git@github.com]:acme/lib",
            "[git@github.com:22]:acme/lib",
            "ssh://git@github.com/acme/lib.git",
            "ssh://git@github.com:/acme/lib.git",
            "git+ssh://git@github.com:22/acme/lib",
            "https://github.com/acme/lib.git",
            "https://github.com:443/acme/lib",
            "http://github.com:80/acme/lib",
            "https://token@github.com/acme/lib",
        ] {
            assert_eq!(read(text).as_deref(), Ok("github.com/acme/lib"), "{text}");
        }
    }

    #[test]
    fn ports_and_addresses_are_kept() {
        for (text, pattern) in [
            ("host:2222/a/*", "host:2222/a/*"),
            ("ssh://git@host:2222/a/**", "host:2222/a/**"),
            ("ssh://[::1]:2222/a", "[::1]:2222/a"),
            ("[::1]:2222/a", "[::1]:2222/a"),
            ("[::1]/a", "[::1]/a"),
            ("git@[::1]:a/b", "[::1]/a/b"),
            ("[git@::1]:a/b", "[::1]/a/b"),
            ("[::1]:a/b", "[::1]/a/b"),
            ("git@host:2222/a", "host/2222/a"),
            ("[git@host:2222]:a/b", "host:2222/a/b"),
            ("[host:2222]:1/b", "host:2222/1/b"),
            ("git@[host:2222]:a/b", "host:2222/a/b"),
            ("host:path", "host/path"),
            ("host:~me/a", "host/~me/a"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(pattern), "{text}");
        }
    }

    #[test]
    fn what_names_no_repository_is_refused() {
        for (text, error) in [
            ("host", PatternError::Form),
            ("git@host", PatternError::Form),
            ("host:2222", PatternError::Form),
            ("https://host", PatternError::Form),
            ("host:99999/a", PatternError::Port),
            ("ssh://host:x/a", PatternError::Port),
        ] {
            assert_eq!(read(text), Err(error.into()), "{text}");
        }
    }

    #[test]
    fn what_git_does_not_fetch_over_ssh_is_told_what_to_write() {
        for (text, told) in [
            (
                "https://host:8443/a/b",
                "the port of an https URL is not that of ssh: write `git@host:a/b`",
            ),
            (
                "ftp://host/a",
                "git does not take this for a repository over ssh: write `git@host:a`",
            ),
            (
                "git@host/a/b",
                "git does not take this for a repository over ssh: write `git@host:a/b`",
            ),
        ] {
            assert_eq!(read(text).unwrap_err().to_string(), told, "{text}");
        }
    }
}
