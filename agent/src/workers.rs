//! Threads that serve connections, so that several sign more than one could.

use std::{
    io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use tokio::{
    net::UnixStream,
    runtime::{self, Handle, Runtime},
    sync::oneshot,
    task::JoinSet,
    time::timeout,
};
use tracing::warn;

use crate::audit;

/// The threads. They start when there is something for them to do, with what the thread that starts them
/// has not given up; and end with this.
#[derive(Debug)]
pub(crate) struct Workers {
    most: usize,
    started: OnceLock<Vec<Worker>>,
}

#[derive(Debug)]
struct Worker {
    runtime: Handle,
    /// Connections that it serves.
    open: Arc<AtomicUsize>,
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
        }
    }

    /// Serves a connection among `sessions` on the thread that serves the fewest, or on the calling one where there
    /// are none.
    pub(crate) fn serve<S: Future<Output = ()> + Send + 'static>(
        &self,
        sessions: &mut JoinSet<()>,
        stream: UnixStream,
        session: impl FnOnce(UnixStream) -> S + Send + 'static,
    ) {
        let Some(worker) = self.least() else {
            sessions.spawn(session(stream));
            return;
        };
        // A connection that cannot move to another thread is closed.
        let Ok(stream) = stream.into_std() else {
            return;
        };
        let open = Open::count(&worker.open);
        let served = async move {
            if let Ok(stream) = UnixStream::from_std(stream) {
                session(stream).await;
            }
            drop(open);
        };
        sessions.spawn_on(served, &worker.runtime);
    }

    fn least(&self) -> Option<&Worker> {
        let started = self.started.get_or_init(|| {
            (0..self.most)
                .map_while(|_| Worker::start().inspect_err(said).ok())
                .collect()
        });
        (started.iter()).min_by_key(|worker| worker.open.load(Ordering::Relaxed))
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
            open: Arc::default(),
            _stop: stop,
        };
        let open = Arc::clone(&worker.open);
        thread::Builder::new()
            .name("worker".to_owned())
            .stack_size(STACK)
            .spawn(move || {
                audit::write_where_shared(open);
                work(&runtime, stopped);
            })?;
        Ok(worker)
    }
}

fn work(runtime: &Runtime, mut stopped: oneshot::Receiver<()>) {
    // The sender goes, and sends nothing.
    let stopped = async { while timeout(TICK, &mut stopped).await.is_err() {} };
    runtime.block_on(stopped);
}

fn said(error: &io::Error) {
    warn!(%error, "a thread does not start; others serve its connections");
}

/// A connection that is open.
struct Open(Arc<AtomicUsize>);

impl Open {
    fn count(open: &Arc<AtomicUsize>) -> Self {
        open.fetch_add(1, Ordering::Relaxed);
        Self(Arc::clone(open))
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// More of them would wait for each other's records.
const MOST: usize = 4;
/// Shorter than connections may rest: a thread wakes itself for each time limit that ends before all others.
const TICK: Duration = Duration::from_secs(10);
/// Memory is locked, so that all of it is taken; messages are not on it.
const STACK: usize = 512 << 10;

#[cfg(test)]
mod tests {
    use tokio::sync::mpsc;

    use super::*;

    /// Connections of which each tells which thread serves it, and lasts until its peer goes.
    struct Served {
        workers: Workers,
        sessions: JoinSet<()>,
        told: mpsc::UnboundedSender<thread::ThreadId>,
        threads: mpsc::UnboundedReceiver<thread::ThreadId>,
    }

    impl Served {
        fn by(most: usize) -> Self {
            let (told, threads) = mpsc::unbounded_channel();
            Self {
                workers: Workers::at_most(most),
                sessions: JoinSet::new(),
                told,
                threads,
            }
        }

        /// A new connection, and the thread that serves it.
        async fn connect(&mut self) -> (UnixStream, thread::ThreadId) {
            let (peer, stream) = UnixStream::pair().unwrap();
            let told = self.told.clone();
            let session = |stream: UnixStream| async move {
                told.send(thread::current().id()).unwrap();
                stream.readable().await.unwrap();
            };
            self.workers.serve(&mut self.sessions, stream, session);
            (peer, self.threads.recv().await.unwrap())
        }
    }

    #[tokio::test]
    async fn a_connection_goes_to_the_thread_that_serves_the_fewest() {
        let mut served = Served::by(2);
        let (_one, first) = served.connect().await;
        let (other, second) = served.connect().await;
        assert!(first != second && first != thread::current().id());
        let (_third, third) = served.connect().await;
        let (_fourth, fourth) = served.connect().await;
        assert!(third != fourth);
        drop(other);
        served.sessions.join_next().await.unwrap().unwrap();
        let (_fifth, fifth) = served.connect().await;
        assert_eq!(fifth, second);
    }

    #[tokio::test]
    async fn without_workers_every_connection_stays() {
        let mut served = Served::by(0);
        for _ in 0..2 {
            let (_peer, thread) = served.connect().await;
            assert_eq!(thread, thread::current().id());
        }
    }

    #[tokio::test]
    async fn the_threads_end_with_it() {
        let mut served = Served::by(1);
        let (_first, _) = served.connect().await;
        let runtime = served.workers.least().unwrap().runtime.clone();
        drop(served);
        let ended = async { while runtime.spawn(async {}).await.is_ok() {} };
        timeout(Duration::from_secs(10), ended).await.unwrap();
    }
}
