//! The way of files to the threads that look through them.

use std::sync::{
    Arc,
    mpsc::{Sender, SyncSender, channel},
};

use super::{
    Label,
    file::{Files, Job, Part, Parts},
    memory::Room,
    tally::Tally,
};
use crate::verify::{
    buffer::{Buffer, SIZE},
    tape::{Entry, Sink},
};

/// The files of one member, as they pass.
pub(in crate::verify) struct Feed {
    member: usize,
    tally: Arc<Tally>,
    jobs: SyncSender<Job>,
    room: Arc<Room>,
    looks_inside: bool,
    files: Files,
    present: Present,
}

/// The file that passes.
enum Present {
    None,
    Whole(Label),
    InParts(Sender<Part>, Buffer),
}

impl Feed {
    pub(super) fn new(
        member: usize,
        jobs: SyncSender<Job>,
        room: Arc<Room>,
        looks_inside: bool,
    ) -> Self {
        let tally = Arc::default();
        Self {
            member,
            files: Files::new(Arc::clone(&tally)),
            tally,
            jobs,
            room,
            looks_inside,
            present: Present::None,
        }
    }

    /// How much of what passes here is decoded, as it is decoded.
    pub(in crate::verify) fn tally(&self) -> Arc<Tally> {
        Arc::clone(&self.tally)
    }

    fn send(&mut self) {
        if !self.files.is_empty() {
            let files = Files::new(Arc::clone(&self.tally));
            let files = std::mem::replace(&mut self.files, files);
            // Where no thread takes it up, the verification has failed.
            drop(self.jobs.send(Job::Short(files)));
        }
    }

    /// Ends the file that passes, if one does.
    pub(in crate::verify) fn close(&mut self) {
        match std::mem::replace(&mut self.present, Present::None) {
            Present::None => {}
            Present::Whole(label) => self.files.end(label),
            Present::InParts(parts, rest) => drop(parts.send((rest, self.room.take(SIZE)))),
        }
    }

    /// Begins a file of this length.
    pub(in crate::verify) fn begin(&mut self, label: Label, size: usize) {
        self.close();
        if size < SHORTEST || !self.looks_inside {
            return;
        }
        if size <= Files::LONGEST {
            if !self.files.has_room(size) {
                self.send();
            }
            self.present = Present::Whole(label);
            return;
        }
        let (sender, receiver) = channel();
        let tally = Arc::clone(&self.tally);
        drop(
            self.jobs
                .send(Job::Long(label, tally, Parts::new(receiver))),
        );
        self.present = Present::InParts(sender, Buffer::new());
    }

    /// Passes on the next bytes of the file.
    pub(in crate::verify) fn push(&mut self, bytes: &[u8]) {
        match &mut self.present {
            Present::None => {}
            Present::Whole(_) => self.files.push(bytes),
            Present::InParts(parts, part) => {
                let mut rest = part.fill(bytes);
                while part.is_full() {
                    let full = std::mem::replace(part, Buffer::new());
                    drop(parts.send((full, self.room.take(SIZE))));
                    rest = part.fill(rest);
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
