//! Host names of the command line.

use std::str::FromStr;

use keystay_proto::git::ssh_command;

/// A host as `known_hosts` names it: `host`, or `[host]:port` for another port than 22.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct HostName(String);

/// Text that names no host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum HostNameError {
    #[error("a host is HOST, HOST:PORT or [ADDRESS]:PORT, without patterns")]
    Name,
    #[error("a port is a number from 1 to 65535")]
    Port,
}

impl HostName {
    /// The name as `known_hosts` writes it.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The command with which a person looks at its key.
    pub(crate) fn ssh_command(&self) -> String {
        let (name, port) = split(&self.0).unwrap_or((&self.0, SSH_PORT));
        ssh_command(name, port)
    }
}

impl FromStr for HostName {
    type Err = HostNameError;

    /// Host names are compared in lower case, as ssh does.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, port) = split(text)?;
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._:%".contains(c);
        if name.is_empty() || name.starts_with('-') || !name.chars().all(is_plain) {
            return Err(HostNameError::Name);
        }
        let name = name.to_ascii_lowercase();
        Ok(Self(if port == SSH_PORT {
            name
        } else {
            format!("[{name}]:{port}")
        }))
    }
}

fn split(text: &str) -> Result<(&str, u16), HostNameError> {
    if text.contains(['/', '@']) {
        return Err(HostNameError::Name);
    }
    if let Some(rest) = text.strip_prefix('[') {
        let (name, port) = rest.split_once(']').ok_or(HostNameError::Name)?;
        return match port.strip_prefix(':') {
            Some(port) => Ok((name, number(port)?)),
            None if port.is_empty() => Ok((name, SSH_PORT)),
            None => Err(HostNameError::Name),
        };
    }
    match text.split_once(':') {
        // More than one colon is an IPv6 address without a port.
        Some((name, port)) if !port.contains(':') => Ok((name, number(port)?)),
        _ => Ok((text, SSH_PORT)),
    }
}

fn number(port: &str) -> Result<u16, HostNameError> {
    match port.parse() {
        Ok(0) | Err(_) => Err(HostNameError::Port),
        Ok(port) => Ok(port),
    }
}

const SSH_PORT: u16 = 22;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_written_as_in_known_hosts() {
        let forms = [
            ("GitHub.com", "github.com"),
            ("github.com:22", "github.com"),
            ("git.acme.internal:2222", "[git.acme.internal]:2222"),
            ("[git.acme.internal]:2222", "[git.acme.internal]:2222"),
            ("[git.acme.internal]:22", "git.acme.internal"),
            ("::1", "::1"),
            ("[::1]", "::1"),
            ("[::1]:2222", "[::1]:2222"),
        ];
        for (text, known) in forms {
            assert_eq!(text.parse::<HostName>().unwrap().as_str(), known);
        }
    }

    #[test]
    fn a_port_is_an_option_of_ssh() {
        for (text, command) in [
            ("git.acme", "ssh git.acme"),
            ("git.acme:2222", "ssh -p 2222 git.acme"),
            ("::1", "ssh ::1"),
            ("[::1]:2222", "ssh -p 2222 ::1"),
        ] {
            assert_eq!(text.parse::<HostName>().unwrap().ssh_command(), command);
        }
    }

    #[test]
    fn patterns_and_separators_are_not_hosts() {
        for text in [
            "",
            "*.acme",
            "a,b",
            "!a",
            "a b",
            "|1|x",
            "-oProxy",
            "[a",
            "[a]b",
            "é",
            ":22",
            "https://a",
            "git@a:b",
        ] {
            assert_eq!(text.parse::<HostName>(), Err(HostNameError::Name), "{text}");
        }
    }

    #[test]
    fn ports_are_numbers() {
        for text in ["a:", "a:0", "a:65536", "a:ssh", "[a]:x"] {
            assert_eq!(text.parse::<HostName>(), Err(HostNameError::Port), "{text}");
        }
    }
}
