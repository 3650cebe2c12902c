//! How a certificate is asked for, as the command line writes it.

use std::{fmt, time::Duration};

/// A command that certifies a key, and how long its certificates may be valid. `Display` gives the
/// text back that it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateRequest {
    options: String,
    command: String,
    words: Vec<String>,
    longest: Duration,
}

/// Text that is no such request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// No command, or quotes that are not closed.
    #[error(
        "`certificate:` is followed by a command that prints a certificate, quoted as for a shell"
    )]
    Command,
    /// Not a time after `,ttl=`, or one that is too short or too long.
    #[error("`certificate,ttl=TIME:` takes a time of 1s to 24h")]
    Ttl,
}

impl CertificateRequest {
    /// Reads what stands between `certificate` and the first colon, and what stands behind it.
    pub(in super::super) fn parse(options: &str, command: &str) -> Result<Self, RequestError> {
        let longest = match options {
            "" => LONGEST,
            options => options
                .strip_prefix(",ttl=")
                .and_then(|time| humantime::parse_duration(time).ok())
                .filter(|time| (Duration::from_secs(1)..=LONGEST).contains(time))
                .ok_or(RequestError::Ttl)?,
        };
        let words = shlex::split(command).unwrap_or_default();
        if words.first().is_none_or(String::is_empty) {
            return Err(RequestError::Command);
        }
        Ok(Self {
            options: options.to_owned(),
            command: command.to_owned(),
            words,
            longest,
        })
    }

    /// The program, as it is named.
    pub(super) fn program(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// What it is given.
    pub(super) fn arguments(&self) -> impl Iterator<Item = &str> {
        self.words.iter().skip(1).map(String::as_str)
    }

    /// How long from now on a certificate may be valid.
    pub(super) const fn longest(&self) -> Duration {
        self.longest
    }
}

impl fmt::Display for CertificateRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "certificate{}:{}", self.options, self.command)
    }
}

/// As long as a grant may live.
const LONGEST: Duration = Duration::from_hours(24);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_split_into_words_as_a_shell_does() {
        let request = CertificateRequest::parse("", "sign --to 'a b' {public_key}").unwrap();
        assert_eq!(request.program(), "sign");
        let arguments: Vec<_> = request.arguments().collect();
        assert_eq!(arguments, ["--to", "a b", "{public_key}"]);
        assert_eq!(request.longest(), Duration::from_hours(24));
    }

    #[test]
    fn a_time_limits_certificates() {
        let request = CertificateRequest::parse(",ttl=5m", "sign").unwrap();
        assert_eq!(request.longest(), Duration::from_mins(5));
        assert_eq!(request.to_string(), "certificate,ttl=5m:sign");
        for options in [",ttl=", ",ttl=0s", ",ttl=25h", ",TTL=5m", "x"] {
            let error = CertificateRequest::parse(options, "sign").unwrap_err();
            assert_eq!(error, RequestError::Ttl, "{options}");
        }
    }

    #[test]
    fn what_is_no_command_is_refused() {
        for command in ["", "  ", "sign 'a", "'' x"] {
            let error = CertificateRequest::parse("", command).unwrap_err();
            assert_eq!(error, RequestError::Command, "{command}");
        }
    }
}
