//! One member of a saved image, read as it passes.

mod inflate;
mod layer;

use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use self::{inflate::Inflate, layer::Layer};
use super::{
    clean_layers::CleanLayer,
    decode::{self, Feed, Tally},
    inventory::{Content, Member},
    tape::{self, BLOCK, Entry, Sink as _, Tape},
    walk::{Opener, Room},
};

/// A member of which not all bytes were seen.
pub(super) struct Reading {
    entry: Entry,
    hash: Sha256,
    form: Form,
    tally: Arc<Tally>,
    whole: bool,
}

enum Form {
    /// As many first bytes as are needed to tell.
    Unknown(Vec<u8>),
    Tar(Box<Tape>, Box<Layer>),
    Inflated(Inflate),
    Json(Option<Vec<u8>>, Box<Feed>),
    Clean(CleanLayer),
    Other(Box<Feed>),
}

impl Reading {
    /// A member whose content is to come.
    pub(super) fn new(entry: Entry) -> Self {
        Self {
            entry,
            hash: Sha256::new(),
            form: Form::Unknown(Vec::new()),
            tally: Arc::default(),
            whole: false,
        }
    }

    /// A member that is this layer, if it has its digest.
    pub(super) fn clean(entry: Entry, layer: CleanLayer) -> Self {
        Self {
            form: Form::Clean(layer),
            ..Self::new(entry)
        }
    }

    /// Reads the next bytes. `open` makes the ways to the searches for what is inside.
    pub(super) fn push(&mut self, bytes: &[u8], room: &Room, open: &Opener<'_>) {
        self.hash.update(bytes);
        if let Form::Unknown(head) = &mut self.form {
            head.extend_from_slice(bytes);
            if u64::try_from(head.len()).unwrap_or(u64::MAX) >= BLOCK.min(self.entry.size) {
                let head = std::mem::take(head);
                let feed = open.feed();
                self.tally = feed.tally();
                self.form = Form::of(&head, &self.entry, room, open, feed);
                self.form.push(&head);
            }
        } else {
            self.form.push(bytes);
        }
    }

    /// Notes that the content was there to its last byte.
    pub(super) fn end(&mut self) {
        self.whole = true;
        if let Form::Json(_, feed) | Form::Other(feed) = &mut self.form {
            feed.end();
        }
    }

    /// What was read.
    pub(super) fn finish(self) -> Member {
        let content = match self.form {
            Form::Tar(tape, layer) => Content::Tar {
                is_broken: tape.is_broken(),
                paths: layer.paths,
            },
            Form::Inflated(inflate) => Content::Inflated(inflate.finish()),
            Form::Json(text, _) => Content::Json(text),
            Form::Clean(layer) => Content::Clean(layer),
            Form::Unknown(_) | Form::Other(_) => Content::Other,
        };
        Member {
            entry: self.entry,
            whole: self.whole,
            digest: self.hash.into(),
            tally: self.tally,
            content,
        }
    }
}

impl Form {
    /// The form of a member with these first bytes.
    fn of(head: &[u8], entry: &Entry, room: &Room, open: &Opener<'_>, feed: Feed) -> Self {
        if head.get(..512).is_some_and(is_tar) {
            let layer = Layer::new(room.paths, feed);
            return Self::Tar(Box::new(Tape::new()), Box::new(layer));
        }
        if let Some(how) = decode::Layer::of(head) {
            let layer = Layer::new(room.paths, feed);
            return Self::Inflated(Inflate::start(how, layer, open.inflated()));
        }
        let mut feed = Box::new(feed);
        feed.entry(entry.clone());
        if matches!(head.first(), Some(b'{' | b'[')) {
            return Self::Json((entry.size <= room.json).then(Vec::new), feed);
        }
        Self::Other(feed)
    }

    fn push(&mut self, bytes: &[u8]) {
        match self {
            Self::Unknown(_) | Self::Clean(_) => {}
            Self::Tar(tape, layer) => tape.push(bytes, layer.as_mut()),
            Self::Inflated(inflate) => inflate.push(bytes),
            Self::Json(text, feed) => {
                feed.data(bytes);
                if let Some(text) = text {
                    text.extend_from_slice(bytes);
                }
            }
            Self::Other(feed) => feed.data(bytes),
        }
    }
}

fn is_tar(block: &[u8]) -> bool {
    tape::is_header(block) || block.iter().all(|byte| *byte == 0)
}
