//! `https` URLs of granted repositories, which git fetches over ssh instead.

use std::fmt::Write as _;

use keystay_proto::git::RepoPattern;

/// Beginnings of `https` URLs, and of the ssh URLs that take their place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rewrites(Vec<(String, String)>);

impl Rewrites {
    /// One for each pattern: what stands before its first wildcard.
    #[must_use]
    pub fn of(patterns: &[RepoPattern], user: &str) -> Self {
        let mut rewrites: Vec<(String, String)> = Vec::new();
        for pattern in patterns {
            let path = pattern.path().split('*').next().unwrap_or_default();
            let host = if pattern.host().contains(':') {
                format!("[{}]", pattern.host())
            } else {
                pattern.host().to_owned()
            };
            let port = match pattern.port() {
                SSH_PORT => String::new(),
                port => format!(":{port}"),
            };
            let https = format!("https://{host}/{path}");
            if !rewrites.iter().any(|(known, _)| *known == https) {
                rewrites.push((https, format!("ssh://{user}@{host}{port}/{path}")));
            }
        }
        Self(rewrites)
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The git configuration that makes them (`git-config(1)`, `url.<base>.insteadOf`).
    #[must_use]
    pub fn gitconfig(&self) -> String {
        let mut text = String::new();
        for (https, ssh) in &self.0 {
            let _ = write!(
                text,
                "[url \"{}\"]\n\tinsteadOf = \"{}\"\n",
                quoted(ssh),
                quoted(https)
            );
        }
        text
    }

    /// Whether a text names one of the URLs.
    pub(super) fn are_named_in(&self, text: &str) -> bool {
        self.0.iter().any(|(https, _)| text.contains(https))
    }
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

const SSH_PORT: u16 = 22;

#[cfg(test)]
mod tests {
    use super::*;

    fn rewrites(patterns: &[&str]) -> Rewrites {
        let patterns: Vec<RepoPattern> = patterns
            .iter()
            .map(|pattern| pattern.parse().unwrap())
            .collect();
        Rewrites::of(&patterns, "git")
    }

    #[test]
    fn a_pattern_is_rewritten_up_to_its_first_wildcard() {
        let patterns = [
            "github.com/acme/lib",
            "github.com/acme/tool-*",
            "host:2222/**",
            "[::1]:2222/a/*",
        ];
        assert_eq!(
            rewrites(&patterns).gitconfig(),
            "[url \"ssh://git@github.com/acme/lib\"]\n\tinsteadOf = \"https://github.com/acme/lib\"\n\
             [url \"ssh://git@github.com/acme/tool-\"]\n\tinsteadOf = \"https://github.com/acme/tool-\"\n\
             [url \"ssh://git@host:2222/\"]\n\tinsteadOf = \"https://host/\"\n\
             [url \"ssh://git@[::1]:2222/a/\"]\n\tinsteadOf = \"https://[::1]/a/\"\n"
        );
    }

    #[test]
    fn a_quote_in_a_login_name_stays_within_its_value() {
        let patterns: Vec<RepoPattern> = vec!["host/a".parse().unwrap()];
        assert_eq!(
            Rewrites::of(&patterns, "g\"it").gitconfig(),
            "[url \"ssh://g\\\"it@host/a\"]\n\tinsteadOf = \"https://host/a\"\n"
        );
    }

    #[test]
    fn urls_are_found_in_text() {
        let rewrites = rewrites(&["github.com/acme/*"]);
        assert!(rewrites.are_named_in("git clone https://github.com/acme/x"));
        assert!(!rewrites.are_named_in("git clone https://github.com/other/x"));
    }
}
