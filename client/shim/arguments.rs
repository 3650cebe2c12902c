//! The command line, read as OpenSSH's `ssh` reads it.
//!
//! Where and what is to be run is taken; how the connection is to be made is for the host to decide,
//! so the options that say so are accepted and ignored. What a tunnel for git fetches cannot do is
//! refused.

use crate::place::{host_and_port, port, split_last};

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Call<'a> {
    /// Run a command on a host.
    Run(Target<'a>),
    /// Say what the settings for the host are (`-G`).
    Describe(Target<'a>),
    /// Say which program this is (`-V`).
    Version,
}

/// What is to be run where.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Target<'a> {
    /// The login name, empty where none is given.
    pub(crate) user: &'a [u8],
    /// The host, without a user, a port or brackets.
    pub(crate) host: &'a [u8],
    /// The port, zero where none is given.
    pub(crate) port: u16,
    /// The words of the command, joined by spaces.
    pub(crate) command: &'a [u8],
    /// Whether standard input is read (`-n` says not).
    pub(crate) reads_input: bool,
}

/// Why nothing is done.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal<'a> {
    /// The word that is at fault, empty where none is.
    pub(crate) word: &'a [u8],
    /// What is wrong with it.
    pub(crate) text: &'static str,
}

/// Reads the arguments, without the program's name. The command is put together in `command`.
pub(crate) fn parse<'a>(
    arguments: impl IntoIterator<Item = &'a [u8]>,
    command: &'a mut [u8; MAX_COMMAND],
) -> Result<Call<'a>, Refusal<'a>> {
    let mut words = arguments.into_iter();
    let mut seen = Seen::default();
    let mut options = true;
    let mut length = 0;
    while let Some(word) = words.next() {
        match word {
            b"--" if options => options = false,
            [b'-', letters @ ..] if options && !letters.is_empty() => {
                seen.options(word, letters, &mut words)?;
            }
            _ if seen.host.is_empty() => seen.destination(word)?,
            _ => length = join(word, &mut words, command)?,
        }
        if seen.asks_version {
            return Ok(Call::Version);
        }
    }
    seen.call(command.get(..length).unwrap_or_default())
}

/// Puts the words of the command together, and returns its length.
fn join<'a>(
    first: &[u8],
    rest: &mut impl Iterator<Item = &'a [u8]>,
    command: &mut [u8; MAX_COMMAND],
) -> Result<usize, Refusal<'a>> {
    let mut length = 0;
    append(first, &mut length, command)?;
    for word in rest {
        append(b" ", &mut length, command)?;
        append(word, &mut length, command)?;
    }
    Ok(length)
}

fn append<'a>(
    bytes: &[u8],
    length: &mut usize,
    command: &mut [u8; MAX_COMMAND],
) -> Result<(), Refusal<'a>> {
    let room = command.get_mut(*length..).unwrap_or_default();
    let Some((to, _)) = room.split_at_mut_checked(bytes.len()) else {
        return refuse(b"", "the command is longer than 4608 bytes");
    };
    to.copy_from_slice(bytes);
    *length = length.saturating_add(bytes.len());
    Ok(())
}

/// What has been seen of the command line so far. As with OpenSSH, what comes first counts.
#[derive(Default)]
struct Seen<'a> {
    user: Option<&'a [u8]>,
    host: &'a [u8],
    /// Where the host is, if that is not its name.
    host_name: Option<&'a [u8]>,
    port: Option<u16>,
    describes: bool,
    asks_version: bool,
    without_input: bool,
}

impl<'a> Seen<'a> {
    /// One word of options: letters without values, or a last one with its value behind it or in the
    /// next word.
    fn options(
        &mut self,
        word: &'a [u8],
        mut letters: &'a [u8],
        words: &mut impl Iterator<Item = &'a [u8]>,
    ) -> Result<(), Refusal<'a>> {
        while let Some((letter, rest)) = letters.split_first() {
            letters = rest;
            if !VALUED.contains(letter) {
                self.flag(word, *letter)?;
                continue;
            }
            let value = if rest.is_empty() {
                words.next()
            } else {
                Some(rest)
            };
            return match value {
                Some(value) => self.valued(word, *letter, value),
                None => refuse(word, "needs a value"),
            };
        }
        Ok(())
    }

    fn flag(&mut self, word: &'a [u8], letter: u8) -> Result<(), Refusal<'a>> {
        match letter {
            b'G' => self.describes = true,
            b'V' => self.asks_version = true,
            b'n' => self.without_input = true,
            b'N' => return refuse(word, NOT_CARRIED),
            _ if IGNORED.contains(&letter) => {}
            _ => return refuse(word, "unknown option"),
        }
        Ok(())
    }

    fn valued(&mut self, word: &'a [u8], letter: u8, value: &'a [u8]) -> Result<(), Refusal<'a>> {
        match letter {
            b'p' => self.set_port(value),
            b'l' => {
                self.user.get_or_insert(value);
                Ok(())
            }
            b'o' => self.setting(value),
            b'W' | b'L' | b'R' | b'D' | b'J' | b'w' | b'Q' => refuse(word, NOT_CARRIED),
            _ => Ok(()),
        }
    }

    /// A line of `ssh_config(5)`: a keyword, then spaces or one `=`, then its value.
    fn setting(&mut self, line: &'a [u8]) -> Result<(), Refusal<'a>> {
        let line = line.trim_ascii_start();
        let is_end = |byte: &u8| *byte == b'=' || byte.is_ascii_whitespace();
        let end = line.iter().position(is_end).unwrap_or(line.len());
        let (keyword, rest) = line.split_at_checked(end).unwrap_or_default();
        let rest = rest.trim_ascii();
        let value = rest.strip_prefix(b"=").unwrap_or(rest).trim_ascii();
        let is = |name: &[u8]| keyword.eq_ignore_ascii_case(name);
        if is(b"Port") {
            self.set_port(value)
        } else if is(b"User") {
            self.user.get_or_insert(value);
            Ok(())
        } else if is(b"HostName") {
            self.set_host_name(value)
        } else if (is(b"ProxyCommand") || is(b"ProxyJump")) && !value.eq_ignore_ascii_case(b"none")
        {
            refuse(keyword, NOT_CARRIED)
        } else {
            Ok(())
        }
    }

    fn set_host_name(&mut self, value: &'a [u8]) -> Result<(), Refusal<'a>> {
        match value {
            [] | [b'-', ..] => refuse(value, NOT_A_HOST),
            _ if value.contains(&b'%') => refuse(value, "HostName without `%` only"),
            _ => {
                self.host_name.get_or_insert(value);
                Ok(())
            }
        }
    }

    fn set_port(&mut self, digits: &'a [u8]) -> Result<(), Refusal<'a>> {
        match port(digits) {
            Some(port) => {
                self.port.get_or_insert(port);
                Ok(())
            }
            None => refuse(digits, "not a port number"),
        }
    }

    /// `[user@]host` or `ssh://[user@]host[:port]`.
    fn destination(&mut self, word: &'a [u8]) -> Result<(), Refusal<'a>> {
        let uri = word.strip_prefix(b"ssh://");
        let (user, place) = split_last(uri.unwrap_or(word), b'@');
        if user == Some(b"") {
            return refuse(word, NOT_A_HOST);
        }
        let (host, port) = match uri {
            Some(_) => host_and_port(place.strip_suffix(b"/").unwrap_or(place)),
            None => (place, None),
        };
        if let Some(digits) = port {
            self.set_port(digits)?;
        }
        if let Some(user) = user {
            self.user.get_or_insert(user);
        }
        self.host = host;
        match host {
            [] | [b'-', ..] => refuse(word, NOT_A_HOST),
            _ if uri.is_some() && host.contains(&b'/') => refuse(word, NOT_A_HOST),
            _ => Ok(()),
        }
    }

    fn call(self, command: &'a [u8]) -> Result<Call<'a>, Refusal<'a>> {
        let target = Target {
            user: self.user.unwrap_or_default(),
            host: self.host_name.unwrap_or(self.host),
            port: self.port.unwrap_or_default(),
            command,
            reads_input: !self.without_input,
        };
        if self.host.is_empty() {
            return refuse(b"", "no host is named");
        }
        if target.host.len() > MAX_HOST {
            return refuse(b"", "the host's name is longer than 255 bytes");
        }
        if target.user.len() > MAX_USER {
            return refuse(b"", "the user's name is longer than 256 bytes");
        }
        if self.describes {
            return Ok(Call::Describe(target));
        }
        if command.is_empty() {
            return refuse(
                target.host,
                "no command is given, and only git fetches are carried",
            );
        }
        Ok(Call::Run(target))
    }
}

fn refuse<'a, T>(word: &'a [u8], text: &'static str) -> Result<T, Refusal<'a>> {
    Err(Refusal { word, text })
}

/// The longest command, in bytes.
pub(crate) const MAX_COMMAND: usize = 4_608;
const MAX_USER: usize = 256;
const MAX_HOST: usize = 255;

/// The letters of OpenSSH's `ssh` that take a value.
const VALUED: &[u8] = b"BDEFIJLOPQRSWbceilmopw";
/// Those that take none and change nothing here.
const IGNORED: &[u8] = b"1246ACKMTXYafgkqstvxy";

const NOT_CARRIED: &str = "only git fetches are carried: no forwarding, no proxy, no query";
const NOT_A_HOST: &str = "not a host";
