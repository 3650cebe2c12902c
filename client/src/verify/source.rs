//! Where a saved image is read from.

mod engine;
mod file;
mod layout;
mod program;

pub(crate) use layout::is_layout;

use std::{ffi::OsString, io, path::PathBuf, sync::Arc};

use bytes::Bytes;
use tokio::{sync::mpsc, task::JoinSet};

use super::{meter::Meter, walk::CHUNKS_WAITING};

/// A saved image: an archive in the form of `docker image save`, or an OCI layout. It is streamed,
/// never stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImageSource {
    /// An image of an engine, over its API (`GET /images/{name}/get`).
    Engine {
        /// The engine's Unix socket.
        socket: PathBuf,
        /// The image's id, or a name.
        image: String,
    },
    /// The standard output of a program.
    Program {
        /// The program.
        program: OsString,
        /// Its arguments.
        arguments: Vec<OsString>,
        /// Its environment, whole.
        environment: Vec<(OsString, OsString)>,
    },
    /// A file, as it is or compressed with gzip.
    File(PathBuf),
    /// Standard input, likewise.
    Stdin,
    /// The folder of an OCI layout.
    Layout(PathBuf),
}

/// A saved image cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// The engine cannot be asked, or its answer broke off.
    #[error("the engine at {} does not answer", socket.display())]
    Engine {
        /// Its socket.
        socket: PathBuf,
        /// What went wrong.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The engine does not give the image away.
    #[error("the engine does not save the image (status {status}): {message}")]
    Refused {
        /// Its HTTP status.
        status: u16,
        /// What it says, made printable.
        message: String,
    },
    /// The program cannot be run.
    #[error("{} cannot be run", program.to_string_lossy())]
    Run {
        /// The program.
        program: OsString,
        /// What went wrong.
        source: io::Error,
    },
    /// The program did not succeed.
    #[error("{} failed ({status}): {message}", program.to_string_lossy())]
    Failed {
        /// The program.
        program: OsString,
        /// How it ended.
        status: std::process::ExitStatus,
        /// What it said last, made printable.
        message: String,
    },
    /// The bytes cannot be read.
    #[error("{what} cannot be read")]
    Read {
        /// The file, or the program.
        what: String,
        /// What went wrong.
        source: io::Error,
    },
}

/// The next bytes of a saved image, or why there are no more.
pub(super) type Chunk = Result<Bytes, SourceError>;

impl ImageSource {
    /// `docker image save IMAGE` in this environment. It serves where the engine is not on a Unix
    /// socket.
    #[must_use]
    pub fn docker_save(
        docker: OsString,
        environment: Vec<(OsString, OsString)>,
        image: &str,
    ) -> Self {
        Self::Program {
            program: docker,
            arguments: ["image", "save", "--", image].map(OsString::from).into(),
            environment,
        }
    }

    /// Begins to read; a task of `tasks` sends what is read, and counts it.
    pub(super) async fn open(
        self,
        tasks: &mut JoinSet<()>,
        meter: Arc<Meter>,
    ) -> Result<mpsc::Receiver<Chunk>, SourceError> {
        let (to, receiver) = mpsc::channel(CHUNKS_WAITING);
        let sender = Sender { to, meter };
        match self {
            Self::Engine { socket, image } => {
                let body = engine::ask(&socket, &image).await?;
                tasks.spawn(engine::copy(socket, body, sender));
            }
            Self::Program {
                program,
                arguments,
                environment,
            } => {
                let child = program::start(&program, &arguments, environment)?;
                tasks.spawn(program::copy(program, child, sender));
            }
            Self::File(path) => {
                let file = file::open(&path)?;
                let what = path.display().to_string();
                let data = file.metadata();
                sender.meter.expect(data.map_or(0, |data| data.len()));
                tasks.spawn_blocking(move || file::copy(what, file, &sender));
            }
            Self::Stdin => {
                let what = "standard input".to_owned();
                tasks.spawn_blocking(move || file::copy(what, io::stdin(), &sender));
            }
            Self::Layout(folder) => {
                tasks.spawn_blocking(move || layout::copy(&folder, &sender));
            }
        }
        Ok(receiver)
    }
}

/// Where the bytes go. Each way to send says whether there is still somebody who reads; if not, the
/// rest need not be sent.
struct Sender {
    to: mpsc::Sender<Chunk>,
    meter: Arc<Meter>,
}

impl Sender {
    async fn send(&self, chunk: Chunk) -> bool {
        self.count(&chunk);
        self.to.send(chunk).await.is_ok()
    }

    /// Blocks while there is no room.
    fn blocking_send(&self, chunk: Chunk) -> bool {
        self.count(&chunk);
        self.to.blocking_send(chunk).is_ok()
    }

    fn count(&self, chunk: &Chunk) {
        self.meter.add(chunk.as_ref().map_or(0, Bytes::len));
    }
}
