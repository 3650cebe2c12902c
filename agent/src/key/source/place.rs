//! Where a key was looked for, in words.

use std::{fmt, path::PathBuf};

use keystay_proto::printable;

/// Where a key was looked for: the subject of an error's sentence. Outside text in it is shown
/// with control characters escaped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A private key file.
    File(PathBuf),
    /// A variable, by name.
    Variable(String),
    /// Standard input.
    Stdin,
    /// The variable that names the agent's socket.
    AgentVariable,
    /// Another agent, by socket.
    Agent(PathBuf),
    /// A command that certifies keys, by its name.
    Command(String),
    /// Everywhere that is looked at when no source is named.
    Defaults,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(
                f,
                "key file {}",
                printable(path.as_os_str().as_encoded_bytes())
            ),
            Self::Variable(name) => write!(f, "variable {}", printable(name)),
            Self::Stdin => f.write_str("standard input"),
            Self::AgentVariable => f.write_str("SSH_AUTH_SOCK"),
            Self::Agent(path) => write!(
                f,
                "agent {}",
                printable(path.as_os_str().as_encoded_bytes())
            ),
            Self::Command(name) => write!(f, "command {}", printable(name)),
            Self::Defaults => f.write_str("no key was named,"),
        }
    }
}
