//! One line, understood.

use super::words::{keyword, words};

/// A line that means something here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Directive {
    /// What follows is about these hosts.
    Host(Vec<Pattern>),
    /// What follows is for the case that all of these hold.
    Match(Vec<Criterion>),
    /// What follows is for a case that is not looked at.
    Unread,
    /// A value.
    Set(Setting),
    /// Other files stand here.
    Include(Vec<String>),
    /// Other files, read.
    Included(Vec<Self>),
}

/// A value of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Setting {
    HostName(String),
    Port(u16),
    User(String),
    IdentityFile(String),
    IdentitiesOnly(bool),
    /// The hops, nearest first; empty for `none`.
    ProxyJump(Vec<Jump>),
    /// A program to connect with; `false` for `none`.
    ProxyCommand(bool),
    HostKeyAlias(String),
}

/// A host on the way to another.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Jump {
    /// The login name.
    pub(crate) user: Option<String>,
    /// The host as it is written.
    pub(crate) host: String,
    /// The port.
    pub(crate) port: Option<u16>,
}

/// A name with `*` and `?`, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    pub(super) text: String,
    pub(super) negated: bool,
}

/// What a `Match` asks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Criterion {
    /// Whether it asks about the host as it was written, or else as it is called by now.
    pub(super) original: bool,
    pub(super) negated: bool,
    pub(super) patterns: Vec<Pattern>,
}

impl Directive {
    /// Reads a line. One that means nothing here is nothing; one that cannot be understood is `Err`
    /// with its keyword.
    pub(super) fn parse(line: &str) -> Result<Option<Self>, String> {
        let Some((keyword, value)) = keyword(line) else {
            return Ok(None);
        };
        if keyword == "proxycommand" {
            let none = value.trim().eq_ignore_ascii_case("none");
            return Ok(Some(Self::Set(Setting::ProxyCommand(!none))));
        }
        let read = match keyword.as_str() {
            "host" => words(value).map(|words| Self::Host(patterns(&words))),
            "match" => words(value).map(|words| criteria(&words).map_or(Self::Unread, Self::Match)),
            "include" => words(value).map(Self::Include),
            name if SETTINGS.contains(&name) => setting(name, value).map(Self::Set),
            _ => return Ok(None),
        };
        read.map(Some).ok_or(keyword)
    }
}

impl Jump {
    /// Reads `[user@]host[:port]` or `ssh://[user@]host[:port]`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix("ssh://").unwrap_or(text);
        let (user, rest) = match text.rsplit_once('@') {
            Some((user, rest)) => (Some(user.to_owned()), rest),
            None => (None, text),
        };
        let (host, port) = match rest.strip_prefix('[') {
            Some(bracketed) => bracketed.split_once(']')?,
            None if rest.matches(':').count() > 1 => (rest, ""),
            None => rest.split_at(rest.find(':').unwrap_or(rest.len())),
        };
        let port = match port.strip_prefix(':') {
            Some(digits) => Some(digits.parse().ok().filter(|port| *port != 0)?),
            None if port.is_empty() => None,
            None => return None,
        };
        let plain = !host.is_empty() && !host.starts_with('-') && user.as_deref() != Some("");
        let host = host.to_ascii_lowercase();
        plain.then_some(Self { user, host, port })
    }
}

fn patterns(words: &[String]) -> Vec<Pattern> {
    let pattern = |text: &str| Pattern {
        text: text.trim_start_matches('!').to_ascii_lowercase(),
        negated: text.starts_with('!'),
    };
    words.iter().map(|word| pattern(word)).collect()
}

/// What a `Match` asks, if all of it is about hosts.
fn criteria(words: &[String]) -> Option<Vec<Criterion>> {
    let (mut criteria, mut words) = (Vec::new(), words.iter());
    while let Some(word) = words.next() {
        let name = word.trim_start_matches('!').to_ascii_lowercase();
        let (name, value) = match name.split_once('=') {
            Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
            None => (name, None),
        };
        if name == "all" {
            let is_alone = criteria.is_empty() && words.next().is_none();
            return (is_alone && !word.starts_with('!')).then_some(criteria);
        }
        let original = match name.as_str() {
            "host" => false,
            "originalhost" => true,
            _ => return None,
        };
        let list = value.or_else(|| words.next().cloned())?;
        let list = list.split(',').map(str::to_owned).collect::<Vec<_>>();
        criteria.push(Criterion {
            original,
            negated: word.starts_with('!'),
            patterns: patterns(&list),
        });
    }
    (!criteria.is_empty()).then_some(criteria)
}

fn setting(keyword: &str, value: &str) -> Option<Setting> {
    let words = words(value)?;
    let word = words.first().filter(|word| !word.is_empty())?;
    Some(match keyword {
        "hostname" => Setting::HostName(word.clone()),
        "port" => Setting::Port(word.parse().ok().filter(|port| *port != 0)?),
        "user" => Setting::User(word.clone()),
        "identityfile" => Setting::IdentityFile(word.clone()),
        "identitiesonly" => Setting::IdentitiesOnly(yes(word)?),
        "hostkeyalias" => Setting::HostKeyAlias(word.clone()),
        "proxyjump" => Setting::ProxyJump(jumps(word)?),
        _ => return None,
    })
}

fn yes(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "yes" | "true" => Some(true),
        "no" | "false" => Some(false),
        _ => None,
    }
}

fn jumps(word: &str) -> Option<Vec<Jump>> {
    if word.eq_ignore_ascii_case("none") {
        return Some(Vec::new());
    }
    word.split(',').map(Jump::parse).collect()
}

const SETTINGS: [&str; 7] = [
    "hostname",
    "port",
    "user",
    "identityfile",
    "identitiesonly",
    "hostkeyalias",
    "proxyjump",
];
