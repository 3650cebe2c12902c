//! The streams of one grant.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use keystay_proto::{
    control::{Reason, Transport},
    tunnel::StreamId,
};
use tokio::{sync::watch, task::JoinSet};

use super::{Stream, stream::LONGEST_WAIT};

/// The streams of one grant, those that are over included: a name is used once.
#[derive(Debug)]
pub(crate) struct Streams {
    transport: Transport,
    state: Mutex<State>,
    /// How many are open.
    count: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct State {
    open: BTreeMap<StreamId, Arc<Stream>>,
    over: BTreeSet<StreamId>,
    tasks: JoinSet<()>,
}

/// Why a stream is not opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OpenError {
    /// It is open already, and this is the frame that opened it.
    AlreadyOpen,
    /// For this reason.
    Refused(Reason),
}

impl Streams {
    /// No stream.
    pub(crate) fn new(transport: Transport) -> Self {
        Self {
            transport,
            state: Mutex::default(),
            count: watch::Sender::default(),
        }
    }

    /// Whether a stream may be opened by this frame: its name is new, and there is room.
    pub(crate) fn admit(&self, id: StreamId, frame: &[u8]) -> Result<(), OpenError> {
        let state = self.state();
        match state.open.get(&id) {
            Some(stream) if stream.is_opened_by(frame) => Err(OpenError::AlreadyOpen),
            Some(_) => Err(OpenError::Refused(Reason::NoStream)),
            None if state.over.contains(&id) => Err(OpenError::Refused(Reason::NoStream)),
            None if state.open.len() >= MAX_OPEN || state.over.len() >= MAX_STREAMS => {
                Err(OpenError::Refused(Reason::TooManyStreams))
            }
            None => Ok(()),
        }
    }

    /// Opens a stream that was admitted, served by the task that `serve` makes of it.
    pub(crate) fn open<F>(&self, id: StreamId, frame: &[u8], serve: impl FnOnce(Arc<Stream>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let stream = Stream::new(self.transport, frame);
        let mut state = self.state();
        state.open.insert(id, Arc::clone(&stream));
        self.count.send_replace(state.open.len());
        while state.tasks.try_join_next().is_some() {}
        state.tasks.spawn(serve(stream));
    }

    /// An open stream.
    pub(crate) fn find(&self, id: StreamId) -> Option<Arc<Stream>> {
        self.state().open.get(&id).cloned()
    }

    /// Whether a stream of this name is over.
    pub(crate) fn is_over(&self, id: StreamId) -> bool {
        self.state().over.contains(&id)
    }

    /// Forgets a stream but its name.
    pub(crate) fn remove(&self, id: StreamId) {
        let mut state = self.state();
        if state.open.remove(&id).is_some() {
            state.over.insert(id);
        }
        self.count.send_replace(state.open.len());
    }

    /// Returns when none is open: each was served, and its end was taken.
    pub(crate) async fn until_none(&self) {
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }

    /// Ends every stream.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        state.tasks.abort_all();
        state.open.clear();
        self.count.send_replace(0);
    }

    /// How long an exchange may ask to wait, in milliseconds.
    pub(crate) fn wait(&self) -> u16 {
        match self.transport {
            Transport::Streams => u16::try_from(LONGEST_WAIT.as_millis()).unwrap_or(u16::MAX),
            Transport::Shared => 0,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Streams open at once; hundreds of fetches in one build queue for their turn.
const MAX_OPEN: usize = 512;
/// Streams of one grant in all.
const MAX_STREAMS: usize = 20_000;
