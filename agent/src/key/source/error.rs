//! What is wrong with a source, and what to do about it.

use std::{io, time::Duration};

use keystay_proto::{
    Fingerprint,
    control::{Problem, ProblemCode},
};

use super::{CertificateFault, HeldKey, Place, hint::hints};
use crate::{key::format::FormatError, prompt::PromptError};

/// A source that gave no key.
#[derive(Debug, thiserror::Error)]
#[error("{place} {fault}")]
pub struct SourceError {
    /// Where the key was looked for.
    pub place: Place,
    /// What is wrong there.
    #[source]
    pub fault: Fault,
}

/// What is wrong with a place, as a sentence's predicate.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// There is nothing.
    #[error("does not exist")]
    Missing,
    /// A directory, a pipe, a device.
    #[error("is not a regular file")]
    NotAFile,
    /// Standard input that nobody has redirected.
    #[error("is a terminal, which would show the key")]
    Terminal,
    /// The file's mode lets group or others in.
    #[error("can be read by others (mode {mode:04o})")]
    OpenToOthers {
        /// The permission bits.
        mode: u32,
    },
    /// The file belongs neither to the user nor to root.
    #[error("belongs to another user (uid {owner})")]
    ForeignOwner {
        /// Whose it is.
        owner: u32,
    },
    /// It cannot be opened or read.
    #[error("cannot be read: {}", reason(.0))]
    Unreadable(#[source] io::Error),
    /// `~/` cannot be replaced.
    #[error("is below the home directory, but HOME is not set")]
    NoHome,
    /// The variable is not there.
    #[error("is not set")]
    Unset,
    /// There is nothing in it.
    #[error("is empty")]
    Empty,
    /// Longer than any private key.
    #[error("is longer than {} KiB, so it holds no private key", .0 / 1024)]
    TooLong(usize),
    /// Its content is no usable private key.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// There is no passphrase for it.
    #[error("is encrypted with a passphrase, and {0}")]
    Passphrase(#[source] PromptError),
    /// Every passphrase was wrong.
    #[error("is encrypted, and the passphrase is wrong")]
    WrongPassphrase,
    /// Nothing answers at the socket.
    #[error("does not answer: {}", reason(.0))]
    NoAnswer(#[source] io::Error),
    /// It does not list its keys.
    #[error("refuses to list its keys")]
    Refuses,
    /// Its answer is not the agent protocol's.
    #[error("gives an answer that is not an SSH agent's")]
    NotAnAgent,
    /// It is locked or nothing was added to it.
    #[error("holds no key")]
    NoKeys,
    /// It does not hold the key that was named.
    #[error("does not hold the key {wanted}")]
    NotHeld {
        /// The key that was named.
        wanted: Fingerprint,
        /// The keys that it holds.
        held: Vec<HeldKey>,
    },
    /// The program cannot be run.
    #[error("cannot be run: {}", reason(.0))]
    CannotRun(#[source] io::Error),
    /// The program did not succeed.
    #[error("ended with {status}{}{said}", if .said.is_empty() { "" } else { ": " })]
    Failed {
        /// Its status.
        status: String,
        /// What it wrote to standard error, a printable line.
        said: String,
    },
    /// The program does not come to an end.
    #[error("took longer than {}", humantime::format_duration(*.0))]
    Late(Duration),
    /// The program wrote more than a certificate.
    #[error("gave more than {} KiB, so it gave no certificate", .0 / 1024)]
    TooMuch(usize),
    /// The program succeeded without a certificate.
    #[error("gave no certificate of an ed25519 key")]
    NoCertificate,
    /// The program's certificate is not what was asked for.
    #[error("gave a certificate that {0}")]
    Certificate(#[from] CertificateFault),
    /// There is no folder for the public key.
    #[error("cannot be given the public key: {}", reason(.0))]
    NoFolder(#[source] io::Error),
    /// The kernel gives no randomness for a key.
    #[error("cannot be given a key: the kernel gives no randomness")]
    NoRandomness(#[source] getrandom::Error),
    /// Neither an agent nor one of the usual key files.
    #[error("SSH_AUTH_SOCK is not set, and there is no key in ~/.ssh")]
    NoDefault,
}

impl SourceError {
    /// The error as it is told to a person.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let problem = Problem::new(ProblemCode::KeySource, self.to_string());
        hints(&self.place, &self.fault)
            .into_iter()
            .fold(problem, Problem::hint)
    }
}

impl From<SourceError> for Problem {
    fn from(error: SourceError) -> Self {
        error.problem()
    }
}

impl Fault {
    pub(super) fn at(self, place: Place) -> SourceError {
        SourceError { place, fault: self }
    }
}

/// The system's words without its number.
fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        io::ErrorKind::TimedOut => "it took too long".to_owned(),
        io::ErrorKind::ConnectionRefused => "nobody listens there".to_owned(),
        io::ErrorKind::UnexpectedEof => "it closed the connection".to_owned(),
        _ => {
            let text = error.to_string();
            text.split(" (os error")
                .next()
                .unwrap_or_default()
                .to_owned()
        }
    }
}
