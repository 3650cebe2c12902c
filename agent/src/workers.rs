//! Threads that serve connections beside the agent's own thread: several sign more than one.

use std::{
    io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use tokio::{
    net::UnixStream,
    runtime::{self, Handle, Runtime},
    sync::oneshot,
    task::{JoinSet, yield_now},
};
use tracing::warn;

use crate::audit;

/// The threads. They start when there is something for them to do, with what the thread that starts them
/// has not given up; and end with this.
#[derive(Debug)]
pub(crate) struct Workers {
    most: usize,
    started: OnceLock<Vec<Worker>>,
    /// Connections that are open.
    open: AtomicUsize,
    /// Whose turn it is.
    turn: AtomicUsize,
}

#[derive(Debug)]
struct Worker {
    runtime: Handle,
    /// It ends when this goes.
    _stop: oneshot::Sender<()>,
}

impl Workers {
    /// One for each processor, [`MOST`] at most; none where there is one only.
    pub(crate) fn new() -> Self {
        let processors = thread::available_parallelism().map_or(1, Into::into);
        Self::at_most(if processors > 1 {
            processors.min(MOST)
        } else {
            0
        })
    }

    /// This many.
    pub(crate) fn at_most(most: usize) -> Self {
        Self {
            most,
            started: OnceLock::new(),
            open: AtomicUsize::new(0),
            turn: AtomicUsize::new(0),
        }
    }

    /// Serves a connection among `sessions`: on the calling thread while it is the only one, and else on one of
    /// these.
    pub(crate) async fn serve<S: Future<Output = ()> + Send + 'static>(
        self: &Arc<Self>,
        sessions: &mut JoinSet<()>,
        stream: UnixStream,
        session: impl FnOnce(UnixStream) -> S + Send + 'static,
    ) {
        // The system tells of peers that left, and then their sessions end.
        for _ in 0..2 {
            yield_now().await;
        }
        let open = Open::count(self);
        let Some(worker) = open.others.then(|| self.next()).flatten() else {
            sessions.spawn(async move {
                session(stream).await;
                drop(open);
            });
            return;
        };
        // A connection that cannot move to another thread is closed.
        let Ok(stream) = stream.into_std() else {
            return;
        };
        let served = async move {
            if let Ok(stream) = UnixStream::from_std(stream) {
                session(stream).await;
            }
            drop(open);
        };
        sessions.spawn_on(served, worker);
    }

    fn next(&self) -> Option<&Handle> {
        let started = self.started.get_or_init(|| {
            (0..self.most)
                .map_while(|_| Worker::start().inspect_err(said).ok())
                .collect()
        });
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let turn = turn.checked_rem(started.len())?;
        started.get(turn).map(|worker| &worker.runtime)
    }
}

impl Worker {
    fn start() -> io::Result<Self> {
        let runtime = (runtime::Builder::new_current_thread())
            .enable_io()
            .enable_time()
            .build()?;
        let (stop, stopped) = oneshot::channel();
        let worker = Self {
            runtime: runtime.handle().clone(),
            _stop: stop,
        };
        thread::Builder::new()
            .name("worker".to_owned())
            .stack_size(STACK)
            .spawn(move || work(&runtime, stopped))?;
        Ok(worker)
    }
}

fn work(runtime: &Runtime, stopped: oneshot::Receiver<()>) {
    audit::write_on_this_thread();
    // The sender goes, and sends nothing.
    let _ = runtime.block_on(stopped);
}

fn said(error: &io::Error) {
    warn!(%error, "a thread does not start; others serve its connections");
}

/// An open connection.
struct Open {
    workers: Arc<Workers>,
    /// Whether others were open before it.
    others: bool,
}

impl Open {
    fn count(workers: &Arc<Workers>) -> Self {
        Self {
            others: workers.open.fetch_add(1, Ordering::Relaxed) > 0,
            workers: Arc::clone(workers),
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.workers.open.fetch_sub(1, Ordering::Relaxed);
    }
}

/// More of them would wait for each other's records.
const MOST: usize = 4;
/// Memory is locked, so that all of it is taken; messages are not on it.
const STACK: usize = 512 << 10;

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{sync::mpsc, time::timeout};

    use super::*;

    /// Connections of which each tells where it is served, and lasts until its peer goes.
    struct Served {
        workers: Arc<Workers>,
        sessions: JoinSet<()>,
        told: mpsc::UnboundedSender<Option<String>>,
        names: mpsc::UnboundedReceiver<Option<String>>,
    }

    impl Served {
        fn by(most: usize) -> Self {
            let (told, names) = mpsc::unbounded_channel();
            Self {
                workers: Arc::new(Workers::at_most(most)),
                sessions: JoinSet::new(),
                told,
                names,
            }
        }

        /// A new connection, and the name of the thread that serves it.
        async fn connect(&mut self) -> (UnixStream, String) {
            let (peer, stream) = UnixStream::pair().unwrap();
            let told = self.told.clone();
            let session = |stream: UnixStream| async move {
                let name = thread::current().name().map(str::to_owned);
                told.send(name).unwrap();
                stream.readable().await.unwrap();
            };
            let workers = &self.workers;
            workers.serve(&mut self.sessions, stream, session).await;
            let name = self.names.recv().await.unwrap();
            (peer, name.unwrap_or_default())
        }
    }

    #[tokio::test]
    async fn the_only_connection_stays_on_the_thread_that_accepts() {
        let mut served = Served::by(2);
        for _ in 0..3 {
            let (peer, name) = served.connect().await;
            assert_ne!(name, "worker");
            drop(peer);
        }
        assert!(served.workers.started.get().is_none());
    }

    #[tokio::test]
    async fn connections_beside_it_are_served_by_workers() {
        let mut served = Served::by(2);
        let (_first, _) = served.connect().await;
        for _ in 0..3 {
            let (_peer, name) = served.connect().await;
            assert_eq!(name, "worker");
        }
        assert_eq!(served.workers.started.get().map(Vec::len), Some(2));
    }

    #[tokio::test]
    async fn without_workers_every_connection_stays() {
        let mut served = Served::by(0);
        let (_first, _) = served.connect().await;
        let (_second, name) = served.connect().await;
        assert_ne!(name, "worker");
    }

    #[tokio::test]
    async fn the_threads_end_with_it() {
        let mut served = Served::by(1);
        let (_first, _) = served.connect().await;
        let (_second, _) = served.connect().await;
        let runtime = served.workers.next().unwrap().clone();
        drop(served);
        let ended = async { while runtime.spawn(async {}).await.is_ok() {} };
        timeout(Duration::from_secs(10), ended).await.unwrap();
    }
}
