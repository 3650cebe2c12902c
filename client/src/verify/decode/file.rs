//! Files on their way to the threads that look through them.

use std::{
    io::{self, Read},
    ops::Range,
    sync::{Arc, mpsc::Receiver},
};

use super::{
    Label, NotRead,
    known::is_known,
    memory::Loan,
    quine::closes,
    tally::Tally,
    unread::Unread,
    worker::{Shared, Worker},
};
use crate::verify::buffer::{Buffer, SIZE};

/// What a thread looks through at a time.
pub(super) enum Job {
    Short(Files),
    Long(Label, Arc<Tally>, Parts),
}

impl Job {
    /// Looks through it, and tells what was not read of each file.
    pub(super) fn look(self, worker: &Worker, shared: &Shared, mut tell: impl FnMut(Vec<NotRead>)) {
        match self {
            Self::Short(files) => files.look(worker, shared).for_each(tell),
            Self::Long(label, tally, mut parts) => {
                tell(worker.long_file(label, tally, &mut parts));
            }
        }
    }
}

/// Files that are read whole before they are looked through, one behind the other.
pub(super) struct Files {
    tally: Arc<Tally>,
    buffer: Buffer,
    places: Vec<(Label, Range<usize>)>,
}

impl Files {
    /// How long one may be.
    pub(super) const LONGEST: usize = SIZE;

    pub(super) fn new(tally: Arc<Tally>) -> Self {
        Self {
            tally,
            buffer: Buffer::new(),
            places: Vec::new(),
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether a file of this length fits in.
    pub(super) fn has_room(&self, size: usize) -> bool {
        self.places.len() < MOST_FILES && self.buffer.as_ref().len() + size <= SIZE
    }

    /// Adds the next bytes of the present file, for which there is room.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.buffer.fill(bytes);
    }

    /// Ends the present file.
    pub(super) fn end(&mut self, label: Label) {
        let begin = self.places.last().map_or(0, |(_, place)| place.end);
        self.places.push((label, begin..self.buffer.as_ref().len()));
    }

    /// Looks through them; what was not read of each.
    fn look(&self, worker: &Worker, shared: &Shared) -> impl Iterator<Item = Vec<NotRead>> {
        self.places.iter().map(|(label, place)| {
            let bytes = self.buffer.as_ref().get(place.clone()).unwrap_or_default();
            let tally = Arc::clone(&self.tally);
            let mut not_read = worker.file(label.clone(), tally, bytes);
            let is_deep = |part: &NotRead| matches!(part.why, Unread::TooDeep(_));
            if not_read.iter().any(is_deep) && closes(&shared.finder, bytes, shared.limits.depth) {
                not_read.retain(|part| !is_deep(part));
            }
            if !not_read.is_empty() && is_known(bytes) {
                not_read.clear();
            }
            not_read
        })
    }
}

/// The next bytes of a file, and the room that is lent to them.
pub(super) type Part = (Buffer, Loan);

/// A file that is looked through while it is read.
pub(super) struct Parts {
    receiver: Receiver<Part>,
    present: Option<Part>,
    /// How much of the present part was read.
    at: usize,
}

impl Parts {
    pub(super) fn new(receiver: Receiver<Part>) -> Self {
        Self {
            receiver,
            present: None,
            at: 0,
        }
    }
}

impl Read for Parts {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some((part, _)) = &self.present {
                let mut rest = part.as_ref().get(self.at..).unwrap_or_default();
                let count = rest.read(to)?;
                self.at += count;
                if count > 0 || to.is_empty() {
                    return Ok(count);
                }
            }
            (self.present, self.at) = (None, 0);
            match self.receiver.recv() {
                Ok(part) => self.present = Some(part),
                Err(_) => return Ok(0),
            }
        }
    }
}

/// Enough that handing them over takes little time.
const MOST_FILES: usize = 256;
