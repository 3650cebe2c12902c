//! Key sources of the command line: their form only; the agent reads them.

use std::{fmt, str::FromStr};

use keystay_proto::Fingerprint;

use super::Ttl;

/// Where a key comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum KeySource {
    /// The agent behind `SSH_AUTH_SOCK`: one of its keys, or all.
    Agent(Option<Fingerprint>),
    /// A file.
    File(String),
    /// An environment variable, which holds the key itself.
    Env(String),
    /// Standard input.
    Stdin,
    /// A fresh key that a command certifies, for so long at most.
    Certificate(Option<Ttl>, String),
}

/// Text that names no source.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum KeySourceError {
    #[error(
        "a source is agent, agent:FINGERPRINT, file:PATH, env:NAME, stdin or certificate:COMMAND"
    )]
    Form,
    #[error("a key in a file is written `file:PATH`")]
    Path,
    #[error("certificate,ttl=TIME: {0}")]
    Ttl(#[from] super::TtlError),
    #[error(transparent)]
    Fingerprint(#[from] keystay_proto::FingerprintError),
    #[error("this is a key; name a source: file:PATH, env:NAME or stdin")]
    Key,
}

impl FromStr for KeySource {
    type Err = KeySourceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains("PRIVATE KEY") {
            return Err(KeySourceError::Key);
        }
        match text.split_once(':') {
            Some(("agent", fingerprint)) => Ok(Self::Agent(Some(fingerprint.parse()?))),
            Some(("file", path)) if !path.is_empty() => Ok(Self::File(path.to_owned())),
            Some(("env", name)) if is_variable(name) => Ok(Self::Env(name.to_owned())),
            Some(("certificate", command)) if !command.trim().is_empty() => {
                Ok(Self::Certificate(None, command.to_owned()))
            }
            Some((kind, command)) if !command.trim().is_empty() => {
                let ttl = kind.strip_prefix(LIMITED).ok_or(KeySourceError::Form)?;
                Ok(Self::Certificate(Some(ttl.parse()?), command.to_owned()))
            }
            None if text == "agent" => Ok(Self::Agent(None)),
            None if text == "stdin" => Ok(Self::Stdin),
            None if text.contains('/') => Err(KeySourceError::Path),
            _ => Err(KeySourceError::Form),
        }
    }
}

impl fmt::Display for KeySource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(None) => f.write_str("agent"),
            Self::Agent(Some(fingerprint)) => write!(f, "agent:{fingerprint}"),
            Self::File(path) => write!(f, "file:{path}"),
            Self::Env(name) => write!(f, "env:{name}"),
            Self::Stdin => f.write_str("stdin"),
            Self::Certificate(None, command) => write!(f, "certificate:{command}"),
            Self::Certificate(Some(ttl), command) => write!(f, "{LIMITED}{ttl}:{command}"),
        }
    }
}

/// What stands before the longest time that a certificate may be valid.
const LIMITED: &str = "certificate,ttl=";

fn is_variable(name: &str) -> bool {
    !name.is_empty() && !name.contains(['=', '\0', ' ', '\n'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_written_as_it_was_read() {
        let fingerprint = Fingerprint::of(b"key").to_string();
        let one = format!("agent:{fingerprint}");
        for text in [
            "agent",
            &one,
            "file:~/.ssh/id_ed25519",
            "file:a:b",
            "env:DEPLOY_KEY",
            "stdin",
            "certificate:vault write ssh/sign/ci public_key={public_key}",
            "certificate,ttl=5m:sign 'a b'",
        ] {
            assert_eq!(text.parse::<KeySource>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_text_is_no_source() {
        for text in [
            "",
            "file",
            "file:",
            "env:",
            "env:A=B",
            "stdin:x",
            "Agent",
            "certificate",
            "certificate: ",
            "certificate,max=5m:x",
        ] {
            assert_eq!(
                text.parse::<KeySource>(),
                Err(KeySourceError::Form),
                "{text}"
            );
        }
        assert_eq!(
            "certificate,ttl=5d:x"
                .parse::<KeySource>()
                .unwrap_err()
                .to_string(),
            "certificate,ttl=TIME: from 1s to 24h"
        );
        assert!(matches!(
            "agent:x".parse::<KeySource>(),
            Err(KeySourceError::Fingerprint(_))
        ));
    }

    #[test]
    fn a_path_alone_is_told_what_goes_before_it() {
        for text in ["~/.ssh/id", "/run/secrets/key", "./id"] {
            assert_eq!(text.parse::<KeySource>(), Err(KeySourceError::Path));
        }
    }

    #[test]
    fn a_key_on_the_command_line_is_told_apart() {
        let pasted = "-----BEGIN OPENSSH PRIVATE KEY-----";
        assert_eq!(pasted.parse::<KeySource>(), Err(KeySourceError::Key));
    }
}
