//! Why a configuration cannot be used.

use std::{
    io,
    path::{Path, PathBuf},
};

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConfigError {
    /// A file that is there cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What happened instead.
        source: io::Error,
    },
    /// A file that only the user should be able to change.
    #[error("{} {fault}", path.display())]
    OfOthers {
        /// The file.
        path: PathBuf,
        /// Who may change it.
        fault: OfOthers,
    },
    /// A file says what is not understood.
    #[error("{}:{line}:{column}: {message}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// The character of the line, from 1.
        column: usize,
        /// What is wrong there.
        message: String,
    },
    /// The command line names a host that the user's own limit leaves out.
    #[error("{} does not allow the host {host}", path.display())]
    Limit {
        /// The file with the limit.
        path: PathBuf,
        /// The host, as `known_hosts` names it.
        host: String,
    },
}

/// Why others may change a file.
#[derive(Clone, Copy, Debug, thiserror::Error)]
pub(crate) enum OfOthers {
    /// By its mode.
    #[error("can be changed by others (mode {0:04o})")]
    Mode(u32),
    /// It is another user's, of this number.
    #[error("belongs to another user (uid {0})")]
    Owner(u32),
}

impl OfOthers {
    fn hint(self, path: &Path) -> String {
        let path = path.display().to_string().replace('\'', r"'\''");
        match self {
            Self::Mode(_) => format!("chmod go-w '{path}'"),
            Self::Owner(_) => format!("chown \"$USER\" '{path}'"),
        }
    }
}

impl ConfigError {
    /// What to do about it.
    pub(crate) fn hints(&self) -> Vec<String> {
        let hint = match self {
            Self::OfOthers { path, fault } => return vec![fault.hint(path)],
            Self::Read { .. } => "make it readable, or take it away",
            Self::Form { .. } => "client/MANUAL.md lists what these files may say",
            Self::Limit { .. } => {
                "leave out that `--host`, or add the host to `hosts` under `[limit]`"
            }
        };
        vec![hint.to_owned()]
    }
}
