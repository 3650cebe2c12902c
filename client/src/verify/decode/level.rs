//! What streams of one depth decode to, on its way to the matcher.

use std::{
    mem,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::Label;
use crate::verify::{
    buffer::Buffer,
    walk::{Opened, Stream},
};

/// One request to the matcher: the streams whose bytes it is given one behind the other.
#[derive(Debug, Default)]
pub(in crate::verify) struct Batch {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    records: Vec<Record>,
    bytes: u64,
}

/// From some offset of a request on, its bytes are those of this stream.
#[derive(Clone, Debug)]
struct Record {
    at: u64,
    offset: u64,
    /// Where in the stream the content of what the label names begins.
    data: u64,
    label: Label,
}

impl Batch {
    /// What stands at an offset of the request: what it is of, and where in its content, unless it is
    /// before that.
    pub(in crate::verify) fn find(&self, at: u64) -> Option<(Label, Option<u64>)> {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let number = inner.records.partition_point(|record| record.at <= at);
        let record = inner.records.get(number.checked_sub(1)?)?;
        let offset = record.offset + (at - record.at);
        Some((record.label.clone(), offset.checked_sub(record.data)))
    }

    /// Forgets what stands where: nothing was found in it. Images hold tens of thousands of streams.
    pub(in crate::verify) fn forget(&self) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.records = Vec::new();
    }

    /// How many bytes the matcher was given, the marks between streams included.
    pub(in crate::verify) fn bytes(&self) -> u64 {
        let inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.bytes
    }

    /// Adds a record; says how many there are.
    fn record(&self, record: Record) -> usize {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let number = inner.records.partition_point(|other| other.at <= record.at);
        inner.records.insert(number, record);
        inner.records.len()
    }

    fn add(&self, bytes: &[u8]) {
        let mut inner = self.inner.lock().unwrap_or_else(PoisonError::into_inner);
        inner.bytes += length(bytes);
    }
}

/// The bytes of one depth, given to one request after the other.
///
/// A stream's bytes stay together; where a request ends within a stream, the next begins with the
/// last bytes once more.
#[derive(Debug)]
pub(in crate::verify) struct Level {
    searches: mpsc::UnboundedSender<Opened>,
    request: Option<Request>,
    waiting: Option<Buffer>,
    /// The last bytes of the present stream that were sent.
    recent: Vec<u8>,
    /// How many bytes of the present stream there were.
    offset: u64,
    label: Option<Label>,
    /// From which offset of the present stream on its bytes go by this name.
    label_from: u64,
    /// From which on they are the content of what it names.
    data: u64,
    /// Whether the matcher is gone.
    pub(in crate::verify) gone: bool,
}

#[derive(Debug)]
struct Request {
    batch: Arc<Batch>,
    bytes: mpsc::Sender<Bytes>,
    /// How many bytes it has, those that wait included.
    length: u64,
    records: usize,
}

impl Level {
    /// The way to these searches.
    pub(in crate::verify) fn new(searches: mpsc::UnboundedSender<Opened>) -> Self {
        Self {
            searches,
            request: None,
            waiting: None,
            recent: Vec::new(),
            offset: 0,
            label: None,
            label_from: 0,
            data: 0,
            gone: false,
        }
    }

    /// Begins a stream.
    pub(in crate::verify) fn begin(&mut self, label: Label) {
        if self.is_full() {
            self.flush();
            self.request = None;
        }
        self.recent.clear();
        if self.request.is_some() {
            self.put(&APART);
        }
        self.offset = 0;
        self.label_from = 0;
        self.data = 0;
        self.label = Some(label.clone());
        self.record(label, 0);
    }

    /// Notes that from this offset of the present stream on its bytes go by another name, and from
    /// `data` on are the content of what it names.
    pub(in crate::verify) fn mark(&mut self, label: Label, offset: u64, data: u64) {
        self.label = Some(label.clone());
        self.label_from = offset;
        self.data = data;
        self.record(label, offset);
    }

    /// Gives on the next bytes of the present stream.
    pub(in crate::verify) fn push(&mut self, bytes: &[u8]) {
        if self.is_full() {
            self.go_on();
        }
        self.put(bytes);
        self.offset += length(bytes);
    }

    /// Sends what waits.
    pub(in crate::verify) fn flush(&mut self) {
        let (Some(waiting), Some(request)) = (self.waiting.take(), &self.request) else {
            return;
        };
        let bytes = waiting.freeze();
        let kept = bytes.len().saturating_sub(REACH);
        self.recent
            .extend_from_slice(bytes.get(kept..).unwrap_or_default());
        let surplus = self.recent.len().saturating_sub(REACH);
        self.recent.drain(..surplus);
        request.batch.add(&bytes);
        self.gone |= request.bytes.blocking_send(bytes).is_err();
    }

    fn is_full(&self) -> bool {
        self.request.as_ref().is_some_and(|request| {
            request.length >= LONGEST_REQUEST || request.records >= MOST_RECORDS
        })
    }

    /// Goes on with the present stream in another request.
    fn go_on(&mut self) {
        self.flush();
        self.request = None;
        let mut again = mem::take(&mut self.recent);
        let of_label = self.offset.saturating_sub(self.label_from);
        let of_label = usize::try_from(of_label).unwrap_or(usize::MAX);
        let surplus = again.len().saturating_sub(of_label.max(APART.len()));
        again.drain(..surplus);
        let offset = self.offset.saturating_sub(length(&again));
        if let Some(label) = self.label.clone() {
            self.record(label, offset);
        }
        self.put(&again);
    }

    fn put(&mut self, bytes: &[u8]) {
        if let Some(request) = &mut self.request {
            request.length += length(bytes);
        }
        let mut rest = bytes;
        while !rest.is_empty() {
            let waiting = self.waiting.get_or_insert_with(Buffer::new);
            rest = waiting.fill(rest);
            if waiting.is_full() {
                self.flush();
            }
        }
    }

    fn record(&mut self, label: Label, offset: u64) {
        let (searches, data) = (&self.searches, self.data);
        let request = self.request.get_or_insert_with(|| Request::new(searches));
        // Bytes of the stream from `offset` on that are in the request already belong to it.
        let at = request
            .length
            .saturating_sub(self.offset.saturating_sub(offset));
        request.records = request.batch.record(Record {
            at,
            offset,
            data,
            label,
        });
    }
}

impl Request {
    fn new(searches: &mpsc::UnboundedSender<Opened>) -> Self {
        let batch = Arc::new(Batch::default());
        let (bytes, receiver) = mpsc::channel(CHUNKS_WAITING);
        // Where nobody takes the search up, sending its first bytes fails.
        drop(searches.send((Stream::Nested(Arc::clone(&batch)), receiver)));
        Self {
            batch,
            bytes,
            length: 0,
            records: 0,
        }
    }
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// How much is given again: more than a whole private key as text takes.
const REACH: usize = 16 << 10;
/// More than the search takes for one place.
pub(super) const APART: [u8; 1024] = [b'\n'; 1024];
/// What may wait for the matcher of one request, in buffers: every worker has a request for each depth.
const CHUNKS_WAITING: usize = 2;
const LONGEST_REQUEST: u64 = 256 << 20;
/// So many streams are longer, with what keeps them apart, than all that can wait between here and the
/// matcher: however slow that is, no request after the next is begun before it has taken this one's bytes.
const MOST_RECORDS: usize = 4_096;

#[cfg(test)]
mod tests;
