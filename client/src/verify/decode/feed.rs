//! The way of files to the threads that look through them.

use std::sync::{
    Arc,
    mpsc::{Sender, SyncSender, channel},
};

use super::{
    Label,
    file::{Content, File, Part, Parts},
    memory::{Loan, Room},
    tally::Tally,
};
use crate::verify::tape::{Entry, Sink};

/// The files of one member, as they pass.
pub(in crate::verify) struct Feed {
    member: usize,
    tally: Arc<Tally>,
    jobs: SyncSender<Vec<File>>,
    room: Arc<Room>,
    looks_inside: bool,
    batch: Vec<File>,
    batch_size: usize,
    present: Present,
}

/// The file that passes.
enum Present {
    None,
    Whole(Label, Vec<u8>, Option<Loan>),
    InParts(Sender<Part>, Vec<u8>),
}

impl Feed {
    pub(super) fn new(
        member: usize,
        jobs: SyncSender<Vec<File>>,
        room: Arc<Room>,
        looks_inside: bool,
    ) -> Self {
        Self {
            member,
            tally: Arc::default(),
            jobs,
            room,
            looks_inside,
            batch: Vec::new(),
            batch_size: 0,
            present: Present::None,
        }
    }

    /// How much of what passes here is decoded, as it is decoded.
    pub(in crate::verify) fn tally(&self) -> Arc<Tally> {
        Arc::clone(&self.tally)
    }

    fn take(&mut self, size: usize) -> Loan {
        if let Some(loan) = self.room.try_take(size) {
            return loan;
        }
        self.send();
        self.room.take(size)
    }

    fn add(&mut self, label: Label, content: Content) {
        let tally = Arc::clone(&self.tally);
        self.batch.push(File {
            label,
            tally,
            content,
        });
    }

    fn send(&mut self) {
        self.batch_size = 0;
        if !self.batch.is_empty() {
            // Where no thread takes it up, the verification has failed.
            drop(self.jobs.send(std::mem::take(&mut self.batch)));
        }
    }

    /// Ends the file that passes, if one does.
    pub(in crate::verify) fn close(&mut self) {
        match std::mem::replace(&mut self.present, Present::None) {
            Present::None => {}
            Present::Whole(label, bytes, loan) => {
                self.batch_size += bytes.len();
                self.add(label, Content::Whole(bytes, loan));
                if self.batch_size >= BATCH || self.batch.len() >= FILES_IN_BATCH {
                    self.send();
                }
            }
            Present::InParts(parts, rest) => {
                let loan = self.take(rest.len());
                drop(parts.send((rest, loan)));
            }
        }
    }

    /// Begins a file of this length.
    pub(in crate::verify) fn begin(&mut self, label: Label, size: usize) {
        self.close();
        if size < SHORTEST || !self.looks_inside {
            return;
        }
        if size <= LONGEST_WHOLE {
            let loan = self.take(size);
            self.present = Present::Whole(label, Vec::with_capacity(size), Some(loan));
            return;
        }
        let (sender, receiver) = channel();
        self.add(label, Content::InParts(Parts::new(receiver)));
        self.send();
        self.present = Present::InParts(sender, Vec::with_capacity(LONGEST_PART));
    }

    /// Passes on the next bytes of the file.
    pub(in crate::verify) fn push(&mut self, bytes: &[u8]) {
        match &mut self.present {
            Present::None => {}
            Present::Whole(_, content, _) => content.extend_from_slice(bytes),
            Present::InParts(_, part) => {
                part.extend_from_slice(bytes);
                if part.len() >= LONGEST_PART {
                    let full = std::mem::replace(part, Vec::with_capacity(LONGEST_PART));
                    let loan = self.take(full.len());
                    if let Present::InParts(parts, _) = &self.present {
                        drop(parts.send((full, loan)));
                    }
                }
            }
        }
    }
}

impl Sink for Feed {
    fn entry(&mut self, entry: Entry) {
        let label = Label {
            member: self.member,
            path: entry.name.into(),
        };
        self.begin(label, usize::try_from(entry.size).unwrap_or(usize::MAX));
    }

    fn data(&mut self, bytes: &[u8]) {
        self.push(bytes);
    }

    fn end(&mut self) {
        self.close();
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.close();
        self.send();
    }
}

/// Fewer bytes hold no compressed key.
const SHORTEST: usize = 16;
/// A file up to this long is read whole before it is looked through.
const LONGEST_WHOLE: usize = 1 << 20;
const LONGEST_PART: usize = 256 << 10;
const BATCH: usize = 512 << 10;
const FILES_IN_BATCH: usize = 256;
