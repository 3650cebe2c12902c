//! Repositories, in the one form in which they are judged and shown.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{
    is_plain_word,
    limits::{MAX_HOST, MAX_REPO_PATH},
};

/// A repository on a host.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Repository {
    /// The host, in lower case, as the build named it.
    pub host: String,
    /// The port.
    pub port: u16,
    /// Where on the host.
    pub path: RepoPath,
}

impl fmt::Display for Repository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(f, &self.host, self.port, self.path.as_str())
    }
}

/// A host as it was named, in lower case; nothing if it is neither a name nor an address.
#[must_use]
pub fn host_name(given: &[u8]) -> Option<String> {
    let is_named = !given.is_empty() && given.len() <= MAX_HOST;
    let host = str::from_utf8(given).ok()?;
    (is_named && host.bytes().all(is_host_byte)).then(|| host.to_ascii_lowercase())
}

fn is_host_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':' | b'%')
}

/// Writes `HOST/PATH`, with the port unless it is SSH's own, addresses with colons in brackets.
pub(super) fn show(f: &mut fmt::Formatter<'_>, host: &str, port: u16, path: &str) -> fmt::Result {
    let is_address = host.contains(':');
    match (is_address, port) {
        (false, SSH_PORT) => write!(f, "{host}/{path}"),
        (false, port) => write!(f, "{host}:{port}/{path}"),
        (true, SSH_PORT) => write!(f, "[{host}]/{path}"),
        (true, port) => write!(f, "[{host}]:{port}/{path}"),
    }
}

/// The command with which a person looks at the key of a host; `HOST` where the name is no plain word.
#[must_use]
pub fn ssh_command(host: &str, port: u16) -> String {
    let host = if is_plain_word(host) { host } else { "HOST" };
    match port {
        SSH_PORT => format!("ssh {host}"),
        port => format!("ssh -p {port} {host}"),
    }
}

/// The canonical path of a repository: without leading and trailing slash and without `.git`;
/// letters as they were given. Absolute paths and those in the login's home are one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RepoPath(String);

/// Why a path names no repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PathError {
    /// It is empty or longer than [`MAX_REPO_PATH`] bytes.
    #[error("a repository's path has 1 to {MAX_REPO_PATH} bytes")]
    Length,
    /// It holds a control character, one that a shell acts on, or bytes that are not UTF-8.
    #[error("a repository's path is plain text without quotes and shell characters")]
    NotPlain,
    /// A part of it is empty, `.` or `..`.
    #[error("a repository's path has no empty parts, `.` or `..`")]
    NotCanonical,
    /// It begins with a hyphen, so that a program could take it for an option.
    #[error("a repository's path does not begin with `-`")]
    Option,
}

impl RepoPath {
    /// Judges a path as it was given and brings it into its one form. No repository has a `*` in its path:
    /// the same text, once allowed, would be a pattern of many.
    pub fn parse(given: &[u8]) -> Result<Self, PathError> {
        match Self::parse_pattern(given)? {
            path if path.0.contains('*') => Err(PathError::NotPlain),
            path => Ok(path),
        }
    }

    /// The same for the path of a pattern, which may have wildcards.
    pub(super) fn parse_pattern(given: &[u8]) -> Result<Self, PathError> {
        if given.is_empty() || given.len() > MAX_REPO_PATH {
            return Err(PathError::Length);
        }
        let text = str::from_utf8(given).map_err(|_| PathError::NotPlain)?;
        if text.chars().any(|c| c.is_control() || SHELL.contains(c)) {
            return Err(PathError::NotPlain);
        }
        let text = text.strip_prefix('/').unwrap_or(text);
        let text = text.strip_suffix('/').unwrap_or(text);
        let text = text.strip_suffix(".git").unwrap_or(text);
        if text.starts_with('-') {
            return Err(PathError::Option);
        }
        if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(PathError::NotCanonical);
        }
        Ok(Self(text.to_owned()))
    }

    /// The path as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

pub(super) const SSH_PORT: u16 = 22;
/// What a shell acts on. A path is quoted wherever it goes; no repository is named so.
const SHELL: &str = "\\'\"`$;&|<>!(){}";

#[cfg(test)]
mod tests {
    use super::*;

    fn path(given: &str) -> Result<String, PathError> {
        RepoPath::parse(given.as_bytes()).map(|path| path.to_string())
    }

    #[test]
    fn every_spelling_of_a_path_has_one_form() {
        for given in [
            "acme/lib-a",
            "/acme/lib-a",
            "acme/lib-a.git",
            "/acme/lib-a.git/",
        ] {
            assert_eq!(path(given).as_deref(), Ok("acme/lib-a"), "{given}");
        }
        assert_eq!(path("/~joe/x.git").as_deref(), Ok("~joe/x"));
        assert_eq!(path("Acme/Lib.GIT").as_deref(), Ok("Acme/Lib.GIT"));
    }

    #[test]
    fn a_path_that_walks_is_refused() {
        for given in [
            "acme/../x",
            "..",
            "./x",
            "a//b",
            "//a",
            "/",
            "a/.",
            "a/./b",
            "a//",
            ".git",
            "/.git",
        ] {
            assert_eq!(path(given), Err(PathError::NotCanonical), "{given}");
        }
    }

    #[test]
    fn a_path_that_is_no_text_or_an_option_is_refused() {
        assert_eq!(path("a\nb"), Err(PathError::NotPlain));
        for given in ["a\\b", "a'b", "a;b", "a$(b)", "a`b`", "a|b", "a&b", "a>b"] {
            assert_eq!(path(given), Err(PathError::NotPlain), "{given}");
        }
        for given in ["*", "acme/*", "acme/**", "a*b"] {
            assert_eq!(path(given), Err(PathError::NotPlain), "{given}");
        }
        assert_eq!(RepoPath::parse(b"a\xff"), Err(PathError::NotPlain));
        for given in ["-x", "/-x", "--upload-pack=touch"] {
            assert_eq!(path(given), Err(PathError::Option), "{given}");
        }
        assert_eq!(path(""), Err(PathError::Length));
        assert_eq!(path(&"x".repeat(MAX_REPO_PATH + 1)), Err(PathError::Length));
    }

    #[test]
    fn a_host_is_a_name_or_an_address() {
        for (given, host) in [
            ("Git.Acme_x-1", "git.acme_x-1"),
            ("fe80::1%eth0", "fe80::1%eth0"),
        ] {
            assert_eq!(host_name(given.as_bytes()).as_deref(), Some(host));
        }
        let long = "x".repeat(MAX_HOST + 1);
        for given in [
            "", "[::1]", "[h]:22", "a b", "a/b", "*.acme", "a@b", "größe", &long,
        ] {
            assert_eq!(host_name(given.as_bytes()), None, "{given}");
        }
        assert_eq!(host_name(b"a\xff"), None);
    }

    #[test]
    fn a_port_is_an_option_of_ssh() {
        assert_eq!(ssh_command("git.acme", 22), "ssh git.acme");
        assert_eq!(ssh_command("git.acme", 2222), "ssh -p 2222 git.acme");
        assert_eq!(ssh_command("::1", 2222), "ssh -p 2222 ::1");
        assert_eq!(ssh_command("x;id", 2222), "ssh -p 2222 HOST");
    }

    #[test]
    fn another_port_than_ssh_s_is_shown() {
        let repository = |port| Repository {
            host: "git.acme".to_owned(),
            port,
            path: RepoPath::parse(b"a/b").unwrap(),
        };
        assert_eq!(repository(22).to_string(), "git.acme/a/b");
        assert_eq!(repository(2222).to_string(), "git.acme:2222/a/b");
    }
}
