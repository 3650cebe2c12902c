//! A file on its way to the threads that look through it.

use std::{
    io::{self, Read},
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

/// A file on its way.
pub(super) struct File {
    pub(super) label: Label,
    pub(super) tally: Arc<Tally>,
    pub(super) content: Content,
}

pub(super) enum Content {
    Whole(Vec<u8>, Option<Loan>),
    InParts(Parts),
}

/// Bytes of a file, and the room that is lent to them.
pub(super) type Part = (Vec<u8>, Loan);

/// A file that is looked through while it is read.
pub(super) struct Parts {
    receiver: Receiver<Part>,
    present: Option<(io::Cursor<Vec<u8>>, Loan)>,
}

impl File {
    /// Looks through it; what was not read of it.
    pub(super) fn look(self, worker: &Worker, shared: &Shared) -> Vec<NotRead> {
        match self.content {
            Content::Whole(bytes, _loan) => {
                let mut not_read = worker.file(self.label, self.tally, &mut bytes.as_slice());
                let is_deep = |part: &NotRead| matches!(part.why, Unread::TooDeep(_));
                if not_read.iter().any(is_deep)
                    && closes(&shared.finder, &bytes, shared.limits.depth)
                {
                    not_read.retain(|part| !is_deep(part));
                }
                if !not_read.is_empty() && is_known(&bytes) {
                    not_read.clear();
                }
                not_read
            }
            Content::InParts(mut parts) => worker.file(self.label, self.tally, &mut parts),
        }
    }
}

impl Parts {
    pub(super) fn new(receiver: Receiver<Part>) -> Self {
        Self {
            receiver,
            present: None,
        }
    }
}

impl Read for Parts {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some((part, _)) = &mut self.present {
                let count = part.read(to)?;
                if count > 0 || to.is_empty() {
                    return Ok(count);
                }
            }
            self.present = None;
            match self.receiver.recv() {
                Ok((part, loan)) => self.present = Some((io::Cursor::new(part), loan)),
                Err(_) => return Ok(0),
            }
        }
    }
}
