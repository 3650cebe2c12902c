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

use super::{Memory, Stream, stream::LONGEST_WAIT};

/// The streams of one grant, those that are over included: a name is used once.
#[derive(Debug)]
pub(crate) struct Streams {
    transport: Transport,
    memory: Arc<Memory>,
    state: Mutex<State>,
    /// How many are open.
    count: watch::Sender<usize>,
}

#[derive(Debug, Default)]
struct State {
    open: BTreeMap<StreamId, Arc<Stream>>,
    over: BTreeSet<StreamId>,
    /// Whether no more are opened, for their grant has ended.
    ended: bool,
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
    /// No stream; what they hold is counted in `memory`.
    pub(crate) fn new(transport: Transport, memory: Memory) -> Self {
        Self {
            transport,
            memory: Arc::new(memory),
            state: Mutex::default(),
            count: watch::Sender::default(),
        }
    }

    /// Whether a stream may be opened by this frame: its name is new, and there is room.
    pub(crate) fn admit(&self, id: StreamId, frame: &[u8]) -> Result<(), OpenError> {
        self.state().admit(id, frame)
    }

    /// Opens a stream that was admitted, served by the task that `serve` makes of it. Since then the
    /// same frame may have come a second time, others may have taken the room, or the grant may have
    /// ended.
    pub(crate) fn open<F>(
        &self,
        id: StreamId,
        frame: &[u8],
        serve: impl FnOnce(Arc<Stream>) -> F,
    ) -> Result<(), OpenError>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let stream = Stream::new(self.transport, &self.memory, frame);
        let mut state = self.state();
        state.admit(id, frame)?;
        if state.ended {
            return Err(OpenError::Refused(Reason::Revoked));
        }
        state.open.insert(id, Arc::clone(&stream));
        self.count.send_replace(state.open.len());
        while state.tasks.try_join_next().is_some() {}
        state.tasks.spawn(serve(stream));
        Ok(())
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

    /// What waits for their steps, replies that are on their way among it.
    pub(crate) const fn memory(&self) -> &Arc<Memory> {
        &self.memory
    }

    /// Returns when none is open: each was served, and its end was taken.
    pub(crate) async fn until_none(&self) {
        let _ = self.count.subscribe().wait_for(|count| *count == 0).await;
    }

    /// Closes every stream, and opens no more. What serves them ends by itself, for it still has to record what it did.
    pub(crate) fn end(&self) {
        let mut state = self.state();
        state.ended = true;
        state.open.values().for_each(|stream| stream.close());
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

impl State {
    fn admit(&self, id: StreamId, frame: &[u8]) -> Result<(), OpenError> {
        match self.open.get(&id) {
            Some(stream) if stream.is_opened_by(frame) => Err(OpenError::AlreadyOpen),
            Some(_) => Err(OpenError::Refused(Reason::NoStream)),
            None if self.over.contains(&id) => Err(OpenError::Refused(Reason::NoStream)),
            None if self.open.len() >= MAX_OPEN || self.over.len() >= MAX_STREAMS => {
                Err(OpenError::Refused(Reason::TooManyStreams))
            }
            None => Ok(()),
        }
    }
}

/// Streams open at once; hundreds of fetches in one build queue for their turn.
const MAX_OPEN: usize = 512;
/// Streams of one grant in all.
const MAX_STREAMS: usize = 20_000;

#[cfg(test)]
mod tests {
    use super::*;

    fn open(streams: &Streams, id: u8) -> Result<(), OpenError> {
        streams.open(StreamId([id; 16]), b"frame", |_| std::future::pending())
    }

    #[tokio::test]
    async fn a_frame_that_comes_twice_before_it_is_recorded_opens_one_stream() {
        let streams = Streams::new(Transport::Streams, Memory::of_agent());
        let id = StreamId([1; 16]);
        for _ in 0..2 {
            assert_eq!(streams.admit(id, b"frame"), Ok(()));
        }
        assert_eq!(open(&streams, 1), Ok(()));
        let first = streams.find(id).unwrap();
        assert_eq!(open(&streams, 1), Err(OpenError::AlreadyOpen));
        assert!(Arc::ptr_eq(&first, &streams.find(id).unwrap()));
        assert_eq!(streams.state().tasks.len(), 1);
    }

    #[tokio::test]
    async fn what_was_admitted_is_not_opened_once_the_grant_has_ended() {
        let streams = Streams::new(Transport::Streams, Memory::of_agent());
        assert_eq!(streams.admit(StreamId([1; 16]), b"frame"), Ok(()));
        streams.end();
        assert_eq!(open(&streams, 1), Err(OpenError::Refused(Reason::Revoked)));
        assert_eq!(streams.state().tasks.len(), 0);
    }

    #[tokio::test]
    async fn more_than_there_is_room_for_is_not_opened_however_it_was_admitted() {
        let streams = Streams::new(Transport::Streams, Memory::of_agent());
        let ids = (0..=MAX_OPEN).map(|number| {
            let mut id = [0; 16];
            id[..8].copy_from_slice(&number.to_be_bytes());
            StreamId(id)
        });
        let ids: Vec<_> = ids.collect();
        assert!(ids.iter().all(|id| streams.admit(*id, b"frame").is_ok()));
        let opened = ids
            .iter()
            .map(|id| streams.open(*id, b"frame", |_| std::future::pending()));
        let failed: Vec<_> = opened.filter_map(Result::err).collect();
        assert_eq!(failed, [OpenError::Refused(Reason::TooManyStreams)]);
    }
}
