//! Why the lab cannot be brought up.

use std::io;
use std::path::{Path, PathBuf};

/// Why the lab cannot be brought up, shown or taken down.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LabError {
    /// Engines, chroot and debootstrap need root.
    #[error("the lab needs root: run the command as root, or install sudo")]
    NotRoot,
    /// Programs of the machine are missing and could not be installed.
    #[error("missing programs: {programs}; install them with `apt-get install {packages}`")]
    Missing {
        /// The programs, separated by spaces.
        programs: String,
        /// The Debian packages that hold them, separated by spaces.
        packages: String,
    },
    /// The machine's apt sources name no Debian mirror.
    #[error(
        "no Debian mirror in this machine's apt sources: the lab needs one (component main) \
         that serves {suites}"
    )]
    NoMirror {
        /// The Debian releases that the lab takes packages from.
        suites: &'static str,
    },
    /// Sockets in the lab's folder would not fit into a socket address.
    #[error("{} is too long for a folder that holds sockets: set KEYSTAY_LAB to a path of at most {max} bytes", path.display())]
    LongPath {
        /// The lab's folder.
        path: PathBuf,
        /// The longest path that works.
        max: usize,
    },
    /// No free port on loopback in the lab's range.
    #[error("no free port on 127.0.0.1 between {first} and {last}")]
    NoPort {
        /// First port of the range.
        first: u16,
        /// Last port of the range.
        last: u16,
    },
    /// A file or folder of the lab cannot be used.
    #[error("cannot {action} {}", path.display())]
    File {
        /// What was tried, as a verb.
        action: &'static str,
        /// On which file.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// A program could not be started.
    #[error("cannot start `{program}`")]
    Start {
        /// The program.
        program: String,
        /// The system's answer.
        source: io::Error,
    },
    /// A program ran and failed.
    #[error("`{command}` failed with {status}:\n{output}")]
    Command {
        /// The command line.
        command: String,
        /// Its exit status, or the signal that ended it.
        status: String,
        /// The last lines it wrote.
        output: String,
    },
    /// Python packages could not be installed.
    #[error(
        "cannot install for Python: {packages}; pip needs PyPI, or an index that its settings name"
    )]
    Python {
        /// The packages with their versions, separated by spaces.
        packages: String,
        /// What pip said.
        source: Box<Self>,
    },
    /// A server of the lab ended as soon as it was started.
    #[error("{name} ended while starting; its log is {}", log.display())]
    Ended {
        /// The server.
        name: String,
        /// Where it writes.
        log: PathBuf,
    },
    /// No bench has such a name.
    #[error("no bench has {names} in its name; there are: {rows}")]
    NoBench {
        /// What was asked for.
        names: String,
        /// The rows that there are.
        rows: String,
    },
    /// A server of the lab was started and does not answer.
    #[error("{name} does not answer after {seconds} s; its log is {}", log.display())]
    Silent {
        /// The server.
        name: String,
        /// How long it was waited for.
        seconds: u64,
        /// Where it writes.
        log: PathBuf,
    },
}

impl LabError {
    /// For `map_err`: what was tried on which file.
    pub(crate) fn file(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::File {
            action,
            path: path.to_owned(),
            source,
        }
    }
}
