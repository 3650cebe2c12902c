//! The commands that git and git-lfs run on a host, as they write them.

use std::fmt::Write as _;

use super::{PathError, RepoPath};
use crate::{limits::MAX_GIT_COMMAND, printable};

/// A command that reads a repository.
///
/// Nothing of its text goes to a host as it came: the host gets [`Command::to_shell`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Command {
    /// What is asked for.
    pub service: Service,
    /// The path as it was given, without its quotes.
    pub given: String,
    /// The path in its one form, to be judged.
    pub path: RepoPath,
    /// The object that git-lfs asks for, in hexadecimal digits, where it names one.
    object: Option<String>,
}

/// What a command that reads a repository asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Service {
    /// Objects: clone, fetch, list of refs (gitprotocol-pack(5)).
    UploadPack,
    /// An archive of a tree (git-upload-archive(1)); the client speaks first.
    UploadArchive,
    /// Where to download large files, and a token for it (git-lfs `docs/api/authentication.md`).
    LfsAuthenticate,
}

/// Why a command is not one that reads a repository.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommandError {
    /// It is longer than [`MAX_GIT_COMMAND`] bytes.
    #[error("a command has at most {MAX_GIT_COMMAND} bytes")]
    Length,
    /// It does something else.
    #[error("`{verb}` does not read a repository")]
    NotAFetch {
        /// What it would do: its first words, made printable.
        verb: String,
    },
    /// It names no repository.
    #[error("no repository is named")]
    NoPath,
    /// The path is quoted in another way than git does, or has bytes that a shell acts on.
    #[error("the repository's path is not quoted as git does")]
    Quoting,
    /// Something follows what belongs to it.
    #[error("something follows the repository's path")]
    Trailing,
    /// The host that is to run it is neither a name nor an address.
    #[error("the host is not a name or an address")]
    Host,
    /// The path names no repository.
    #[error(transparent)]
    Path(#[from] PathError),
}

impl Command {
    /// Reads a command strictly: a verb, a space, one path as git's `sq_quote` writes it or without
    /// any byte that a shell acts on, and for git-lfs the word `download`.
    pub fn parse(command: &[u8]) -> Result<Self, CommandError> {
        if command.len() > MAX_GIT_COMMAND {
            return Err(CommandError::Length);
        }
        let (service, rest) = Service::split(command).ok_or_else(|| not_a_fetch(command))?;
        if rest.is_empty() {
            return Err(CommandError::NoPath);
        }
        let (given, rest) = path_word(rest)?;
        let path = RepoPath::parse(&given)?;
        let object = match service {
            Service::LfsAuthenticate => operation(rest)?,
            _ if rest.is_empty() => None,
            _ => return Err(CommandError::Trailing),
        };
        Ok(Self {
            service,
            given: String::from_utf8(given).map_err(|_| PathError::NotPlain)?,
            path,
            object,
        })
    }

    /// The command for a host's shell: the verb and the path as given, quoted as git does.
    #[must_use]
    pub fn to_shell(&self) -> String {
        let mut line = format!("{} {}", self.service.verb(), sq_quote(&self.given));
        if self.service == Service::LfsAuthenticate {
            line.push_str(DOWNLOAD);
        }
        if let Some(object) = &self.object {
            let _ = write!(line, " {object}");
        }
        line
    }
}

impl Service {
    /// The program that does it on the host.
    #[must_use]
    pub fn verb(self) -> &'static str {
        match self {
            Self::UploadPack => "git-upload-pack",
            Self::UploadArchive => "git-upload-archive",
            Self::LfsAuthenticate => "git-lfs-authenticate",
        }
    }

    /// The service that a command begins with, and what follows it and a space.
    fn split(command: &[u8]) -> Option<(Self, &[u8])> {
        VERBS.iter().find_map(|(verb, service)| {
            let rest = command.strip_prefix(verb.as_bytes())?;
            match rest.split_first() {
                None => Some((*service, rest)),
                Some((b' ', rest)) => Some((*service, rest)),
                Some(_) => None,
            }
        })
    }
}

/// The path that text begins with, without its quotes, and what follows.
fn path_word(text: &[u8]) -> Result<(Vec<u8>, &[u8]), CommandError> {
    if let Some(quoted) = text.strip_prefix(b"'") {
        return unquote(quoted).ok_or(CommandError::Quoting);
    }
    let end = text.iter().position(|byte| *byte == b' ');
    let (word, rest) = text.split_at(end.unwrap_or(text.len()));
    if word.is_empty() || !word.iter().copied().all(is_bare) {
        return Err(CommandError::Quoting);
    }
    Ok((word.to_vec(), rest))
}

/// What stands between an opening quote, already read, and the one that closes the word.
fn unquote(mut text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut word = Vec::new();
    loop {
        let end = text.iter().position(|byte| *byte == b'\'')?;
        let (piece, rest) = text.split_at(end);
        word.extend_from_slice(piece);
        match rest {
            [b'\'', b'\\', escaped @ (b'\'' | b'!'), b'\'', rest @ ..] => {
                word.push(*escaped);
                text = rest;
            }
            [b'\'', rest @ ..] => return Some((word, rest)),
            _ => return None,
        }
    }
}

/// What follows the path for git-lfs: the operation, and the object in some versions.
fn operation(rest: &[u8]) -> Result<Option<String>, CommandError> {
    let rest = rest.strip_prefix(b" ").ok_or(CommandError::Trailing)?;
    let mut words = rest.split(|byte| *byte == b' ');
    match words.next() {
        Some(b"download") => {}
        Some(b"upload") => return Err(not_a_fetch(LFS_UPLOAD)),
        _ => return Err(CommandError::Trailing),
    }
    let object = words.next().map(object).transpose()?;
    match words.next() {
        None => Ok(object),
        Some(_) => Err(CommandError::Trailing),
    }
}

fn object(word: &[u8]) -> Result<String, CommandError> {
    let text = str::from_utf8(word).map_err(|_| CommandError::Trailing)?;
    let is_object = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_object
        .then(|| text.to_owned())
        .ok_or(CommandError::Trailing)
}

/// A command that is refused for what it does: its first word, and the second after `git`.
fn not_a_fetch(command: &[u8]) -> CommandError {
    let mut words = command.split(|byte| *byte == b' ');
    let first = words.next().unwrap_or_default();
    let second = words.next().filter(|_| GROUPS.contains(&first));
    let verb = second.map_or_else(|| first.to_vec(), |second| [first, b" ", second].concat());
    let verb = verb.get(..MAX_SHOWN).unwrap_or(&verb);
    CommandError::NotAFetch {
        verb: printable(verb),
    }
}

/// The text as one word to a POSIX shell, as git's `sq_quote` writes it.
fn sq_quote(text: &str) -> String {
    let mut word = String::with_capacity(text.len().saturating_add(2));
    word.push('\'');
    for character in text.chars() {
        match character {
            '\'' => word.push_str("'\\''"),
            '!' => word.push_str("'\\!'"),
            other => word.push(other),
        }
    }
    word.push('\'');
    word
}

/// Whether no shell acts on a byte. A leading `~` it would, but here it is quoted.
fn is_bare(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte >= 0x80 || b"/._~@%+,:=-".contains(&byte)
}

/// As git writes them: the dashed form, and the other where a host's login is no shell.
const VERBS: [(&str, Service); 5] = [
    ("git-upload-pack", Service::UploadPack),
    ("git upload-pack", Service::UploadPack),
    ("git-upload-archive", Service::UploadArchive),
    ("git upload-archive", Service::UploadArchive),
    ("git-lfs-authenticate", Service::LfsAuthenticate),
];
const DOWNLOAD: &str = " download";
/// How an upload of large files is named to the person.
const LFS_UPLOAD: &[u8] = b"git-lfs-authenticate upload";
/// First words that say nothing alone.
const GROUPS: [&[u8]; 2] = [b"git", b"git-lfs-authenticate"];
const MAX_SHOWN: usize = 64;

#[cfg(test)]
mod tests;
