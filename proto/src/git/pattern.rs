//! Patterns of repositories.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use super::{
    PathError, RepoPath, Repository,
    repository::{SSH_PORT, host_name, show},
};

/// Which repositories of a host: `HOST[:PORT]/PATH`. In the path `*` stands for any characters but
/// `/`, and `**` as its last part for everything below.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RepoPattern {
    host: String,
    port: u16,
    path: String,
}

/// Why a text is no pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// It is not a host, a slash and a path.
    #[error("a repository is written as HOST/PATH or HOST:PORT/PATH")]
    Form,
    /// The host is not a name or an address.
    #[error("the host is not a name or an address")]
    Host,
    /// The port is not a number from 1 to 65535.
    #[error("the port is not a number from 1 to 65535")]
    Port,
    /// The path is none.
    #[error(transparent)]
    Path(#[from] PathError),
    /// `**` stands elsewhere than alone at the end.
    #[error("`**` stands alone, as the last part")]
    Everything,
}

impl RepoPattern {
    /// Whether it covers a repository.
    #[must_use]
    pub fn matches(&self, repository: &Repository) -> bool {
        self.host == repository.host
            && self.port == repository.port
            && path_matches(&self.path, repository.path.as_str())
    }

    /// How much it says: of two patterns that cover a repository, the one that says more is meant.
    #[must_use]
    pub fn weight(&self) -> usize {
        self.path.bytes().filter(|byte| *byte != b'*').count()
    }

    /// The host, in lower case.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The path with its wildcards.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl FromStr for RepoPattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, PatternError> {
        let (authority, path) = text.split_once('/').ok_or(PatternError::Form)?;
        let (host, port) = split_port(authority)?;
        let host = host_name(host.as_bytes()).ok_or(PatternError::Host)?;
        let path = RepoPath::parse_pattern(path.as_bytes())?.to_string();
        let parts = path.split('/').count();
        let everything = path.split('/').position(|part| part.contains("**"));
        match everything {
            Some(at) if at.saturating_add(1) != parts || !ends_with_everything(&path) => {
                Err(PatternError::Everything)
            }
            _ => Ok(Self { host, port, path }),
        }
    }
}

impl TryFrom<String> for RepoPattern {
    type Error = PatternError;

    fn try_from(text: String) -> Result<Self, PatternError> {
        text.parse()
    }
}

impl From<RepoPattern> for String {
    fn from(pattern: RepoPattern) -> Self {
        pattern.to_string()
    }
}

impl fmt::Display for RepoPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, &self.host, self.port, &self.path)
    }
}

/// Host and port of an authority; an address with colons stands in brackets.
fn split_port(authority: &str) -> Result<(&str, u16), PatternError> {
    let (host, rest) = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']').ok_or(PatternError::Host)?,
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    match rest.strip_prefix(':') {
        None if rest.is_empty() => Ok((host, SSH_PORT)),
        None => Err(PatternError::Form),
        Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => match digits.parse() {
            Ok(0) | Err(_) => Err(PatternError::Port),
            Ok(port) => Ok((host, port)),
        },
        Some(_) => Err(PatternError::Port),
    }
}

fn ends_with_everything(path: &str) -> bool {
    path == "**" || path.ends_with("/**")
}

fn path_matches(pattern: &str, path: &str) -> bool {
    let mut parts = path.split('/');
    for wanted in pattern.split('/') {
        let Some(part) = parts.next() else {
            return false;
        };
        if wanted == "**" {
            return true;
        }
        if !part_matches(wanted.as_bytes(), part.as_bytes()) {
            return false;
        }
    }
    parts.next().is_none()
}

/// Whether a part matches, `*` standing for any bytes; in time of the product of the lengths.
fn part_matches(wanted: &[u8], part: &[u8]) -> bool {
    let mut pieces = wanted.split(|byte| *byte == b'*');
    let first = pieces.next().unwrap_or_default();
    let Some(mut rest) = part.strip_prefix(first) else {
        return false;
    };
    let Some(last) = pieces.next_back() else {
        return rest.is_empty();
    };
    for piece in pieces {
        let Some(at) = find(rest, piece) else {
            return false;
        };
        rest = rest
            .get(at.saturating_add(piece.len())..)
            .unwrap_or_default();
    }
    rest.ends_with(last)
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    if needle.is_empty() {
        return Some(0);
    }
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn covers(pattern: &str, path: &str) -> bool {
        let repository = Repository {
            host: "github.com".to_owned(),
            port: 22,
            path: RepoPath::parse(path.as_bytes()).unwrap(),
        };
        pattern.parse::<RepoPattern>().unwrap().matches(&repository)
    }

    #[test]
    fn a_pattern_without_wildcards_covers_one_repository() {
        assert!(covers("github.com/acme/lib-a", "acme/lib-a.git"));
        assert!(covers("GitHub.com:22/acme/lib-a.git", "/acme/lib-a"));
        for other in ["acme/lib-b", "acme/lib-a/x", "acme", "Acme/lib-a"] {
            assert!(!covers("github.com/acme/lib-a", other), "{other}");
        }
    }

    #[test]
    fn a_star_stays_within_its_part() {
        assert!(covers("github.com/acme/*", "acme/lib-a"));
        assert!(!covers("github.com/acme/*", "acme/tools/x"));
        assert!(!covers("github.com/acme/*", "acme"));
        assert!(covers("github.com/acme/lib-*-x", "acme/lib-b-c-x"));
        assert!(!covers("github.com/acme/lib-*-x", "acme/lib-x"));
        assert!(!covers("github.com/acme/ab*ba", "acme/aba"));
    }

    #[test]
    fn two_stars_cover_everything_below() {
        assert!(covers("github.com/acme/**", "acme/tools/x"));
        assert!(covers("github.com/**", "acme"));
        assert!(!covers("github.com/acme/**", "acme"));
        assert!(!covers("github.com/acme/**", "acme-evil/x"));
    }

    #[test]
    fn host_and_port_are_compared_whole() {
        assert!(!covers("github.com:2222/acme/x", "acme/x"));
        assert!(!covers("hub.com/acme/x", "acme/x"));
        let pattern: RepoPattern = "[::1]:2222/a".parse().unwrap();
        assert_eq!((pattern.host(), pattern.port()), ("::1", 2222));
        assert_eq!(pattern.to_string(), "[::1]:2222/a");
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for (text, error) in [
            ("github.com", PatternError::Form),
            ("/acme", PatternError::Host),
            ("git hub/acme", PatternError::Host),
            ("*.com/acme", PatternError::Host),
            ("h:0/a", PatternError::Port),
            ("h:99999/a", PatternError::Port),
            ("h:+1/a", PatternError::Port),
            ("h/a/../b", PatternError::Path(PathError::NotCanonical)),
            ("h/a**", PatternError::Everything),
            ("h/**/a", PatternError::Everything),
        ] {
            assert_eq!(text.parse::<RepoPattern>(), Err(error), "{text}");
        }
    }

    #[test]
    fn the_longer_pattern_says_more() {
        let weight = |text: &str| text.parse::<RepoPattern>().unwrap().weight();
        assert!(weight("h/acme/lib-a") > weight("h/acme/*"));
        assert!(weight("h/acme/*") > weight("h/**"));
    }
}
