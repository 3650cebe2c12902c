//! How a source is written on the command line.

use std::{fmt, path::PathBuf, str::FromStr};

use keystay_proto::Fingerprint;

use super::{CertificateRequest, RequestError};

/// Where keys come from, as the values of `--key` name it. `Display` gives the same text back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// `agent`, `agent:SHA256:…`: every key, or one, of the agent that `SSH_AUTH_SOCK` names.
    Agent(Option<Fingerprint>),
    /// `file:PATH`: a private key file. `~/` stands for the home directory.
    File(PathBuf),
    /// `env:NAME`: a variable that holds a private key file's content.
    Env(String),
    /// `stdin`: a private key file's content on standard input.
    Stdin,
    /// `certificate:COMMAND`, `certificate,ttl=TIME:COMMAND`: a fresh key that a command certifies.
    Certificate(CertificateRequest),
}

/// Text that names no source. A value that could be a key itself is never repeated.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SourceParseError {
    /// None of the known forms.
    #[error("`{0}` is no key source; {FORMS}")]
    Unknown(String),
    /// A path without `file:`.
    #[error("`{0}` is no key source; did you mean `file:{0}`?")]
    Path(String),
    /// A key, or something as long, in place of its source.
    #[error("the value of --key is not a key but where it comes from; {FORMS}")]
    Key,
    /// Not a fingerprint after `agent:`.
    #[error("`agent:` is followed by a fingerprint such as `SHA256:…`, as `ssh-add -l` shows it")]
    Fingerprint,
    /// Nothing after `file:`.
    #[error("`file:` is followed by the path of a private key")]
    EmptyPath,
    /// Not a variable's name after `env:`; its value perhaps.
    #[error("`env:` is followed by the name of a variable, without `$`")]
    Name,
    /// Not a command after `certificate:`.
    #[error(transparent)]
    Certificate(#[from] RequestError),
}

impl FromStr for Source {
    type Err = SourceParseError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (kind, value) = match text.split_once(':') {
            Some((kind, value)) => (kind, Some(value)),
            None => (text, None),
        };
        match (kind, value) {
            ("agent", None) => Ok(Self::Agent(None)),
            ("agent", Some(value)) => value
                .parse()
                .map(|print| Self::Agent(Some(print)))
                .map_err(|_| SourceParseError::Fingerprint),
            ("file", Some("")) => Err(SourceParseError::EmptyPath),
            ("file", Some(path)) => Ok(Self::File(path.into())),
            ("env", Some(name)) if is_name(name) => Ok(Self::Env(name.to_owned())),
            ("env", Some(_)) => Err(SourceParseError::Name),
            ("stdin", None) => Ok(Self::Stdin),
            (kind, Some(command)) if kind.starts_with(CERTIFICATE) => {
                let options = kind.strip_prefix(CERTIFICATE).unwrap_or_default();
                Ok(Self::Certificate(CertificateRequest::parse(
                    options, command,
                )?))
            }
            _ => Err(unknown(text)),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Agent(None) => f.write_str("agent"),
            Self::Agent(Some(fingerprint)) => write!(f, "agent:{fingerprint}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Env(name) => write!(f, "env:{name}"),
            Self::Stdin => f.write_str("stdin"),
            Self::Certificate(request) => request.fmt(f),
        }
    }
}

fn unknown(text: &str) -> SourceParseError {
    if text.chars().any(char::is_control) || text.len() > LONGEST_REPEATED {
        SourceParseError::Key
    } else if text.starts_with('~') || text.starts_with('.') || text.starts_with('/') {
        SourceParseError::Path(text.to_owned())
    } else {
        SourceParseError::Unknown(text.to_owned())
    }
}

/// POSIX names, and no longer than anyone would write.
fn is_name(text: &str) -> bool {
    let starts = text.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_');
    let goes_on = text
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    starts && goes_on && text.len() <= LONGEST_REPEATED
}

const FORMS: &str = "use agent, agent:SHA256:…, file:PATH, env:NAME, stdin or certificate:COMMAND";
const CERTIFICATE: &str = "certificate";
/// Shorter than any private key file.
const LONGEST_REPEATED: usize = 100;

#[cfg(test)]
mod tests {
    use super::{Source, SourceParseError};

    #[test]
    fn every_form_reads_and_writes_the_same_text() {
        for text in [
            "agent",
            "agent:SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "file:/home/u/.ssh/id_ed25519",
            "file:~/.ssh/id: the second",
            "env:DEPLOY_KEY",
            "stdin",
            "certificate:vault write ssh/sign/ci public_key={public_key}",
            "certificate,ttl=5m:sign 'a b'",
        ] {
            assert_eq!(text.parse::<Source>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn other_text_is_refused_with_what_to_write() {
        let refused = |text: &str| text.parse::<Source>().unwrap_err().to_string();
        assert_eq!(
            refused("vault"),
            "`vault` is no key source; use agent, agent:SHA256:…, file:PATH, env:NAME, stdin or certificate:COMMAND"
        );
        assert_eq!(
            refused("~/.ssh/id"),
            "`~/.ssh/id` is no key source; did you mean `file:~/.ssh/id`?"
        );
        assert_eq!(
            refused("file:"),
            "`file:` is followed by the path of a private key"
        );
        assert_eq!(
            refused("agent:MD5:00"),
            "`agent:` is followed by a fingerprint such as `SHA256:…`, as `ssh-add -l` shows it"
        );
        assert_eq!(
            refused("env:$KEY"),
            "`env:` is followed by the name of a variable, without `$`"
        );
        assert!(matches!(
            "".parse::<Source>(),
            Err(SourceParseError::Unknown(_))
        ));
        assert!(matches!(
            "stdin:".parse::<Source>(),
            Err(SourceParseError::Unknown(_))
        ));
    }

    #[test]
    fn a_key_in_place_of_a_source_is_not_repeated() {
        let pem = "-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjEA\n";
        let encoded = "LS0tLS1CRUdJTiBPUEVOU1NIIFBSSVZBVEUgS0VZLS0tLS0K".repeat(4);
        for key in [
            pem.to_owned(),
            encoded.clone(),
            format!("env:{encoded}"),
            format!("env:{pem}"),
        ] {
            let message = key.parse::<Source>().unwrap_err().to_string();
            assert!(
                !message.contains("b3Bl") && !message.contains("LS0t"),
                "{message}"
            );
        }
    }
}
