//! Repositories of the command line and of configuration files.

use std::str::FromStr;

use keystay_proto::git::{PatternError, RepoPattern};

/// Which repositories: a pattern (`HOST[:PORT]/PATH`), or a URL as git takes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Repo(pub(crate) RepoPattern);

impl FromStr for Repo {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let pattern = match text.split_once("://") {
            Some((scheme, rest)) => url(scheme, rest)?.parse(),
            None => match text.split_once('@') {
                Some((user, rest)) if !user.contains('/') => scp(rest)?.parse(),
                _ => text.parse(),
            },
        };
        pattern.map(Self)
    }
}

/// `[USER@]HOST[:PORT]/PATH` behind a scheme. The port of an `https` URL is not that of ssh.
fn url<'a>(scheme: &str, rest: &'a str) -> Result<&'a str, PatternError> {
    let authority = rest.split('/').next().unwrap_or_default();
    let user = authority.rfind('@').map_or(0, |at| at.saturating_add(1));
    let place = rest.get(user..).unwrap_or_default();
    let has_port = authority
        .rsplit_once(':')
        .is_some_and(|(_, port)| !port.ends_with(']'));
    match scheme {
        "ssh" | "git+ssh" | "ssh+git" => Ok(place),
        "https" | "http" | "git+https" if !has_port => Ok(place),
        "https" | "http" | "git+https" => Err(PatternError::Port),
        _ => Err(PatternError::Form),
    }
}

/// `HOST:PATH` behind a user.
fn scp(rest: &str) -> Result<String, PatternError> {
    let start = rest.find(']').unwrap_or_default();
    let colon = rest.get(start..).and_then(|rest| rest.find(':'));
    let (host, path) = rest.split_at(start.saturating_add(colon.ok_or(PatternError::Form)?));
    let path = path.trim_start_matches([':', '/']);
    Ok(format!("{host}/{path}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<String, PatternError> {
        text.parse::<Repo>().map(|repo| repo.0.to_string())
    }

    #[test]
    fn every_spelling_that_git_takes_is_one_pattern() {
        for text in [
            "github.com/acme/lib",
            "GitHub.com/acme/lib.git",
            "git@github.com:acme/lib.git",
            "git@github.com:/acme/lib",
            "ssh://git@github.com/acme/lib.git",
            "git+ssh://git@github.com:22/acme/lib",
            "https://github.com/acme/lib.git",
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
            ("git@[::1]:a/b", "[::1]/a/b"),
            ("git@host:2222/a", "host/2222/a"),
        ] {
            assert_eq!(read(text).as_deref(), Ok(pattern), "{text}");
        }
    }

    #[test]
    fn what_names_no_repository_is_refused() {
        for (text, error) in [
            ("host", PatternError::Form),
            ("git@host", PatternError::Form),
            ("ftp://host/a", PatternError::Form),
            ("https://host:8443/a", PatternError::Port),
            ("host:path", PatternError::Form),
        ] {
            assert_eq!(read(text), Err(error), "{text}");
        }
    }
}
