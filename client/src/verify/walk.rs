//! The one pass over a saved image.

use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use tokio::sync::mpsc;

use super::{
    CleanLayers,
    decode::{Batch, Feed, Limits, Pool},
    inventory::{Content, Inventory, Member, join},
    member::Reading,
    source::SourceError,
    tape::{Entry, Sink, Tape},
};

/// A stream of plain bytes that is searched on its own.
#[derive(Clone, Debug)]
pub(super) enum Stream {
    /// The saved image, byte for byte.
    Saved,
    /// What the member of this number inflates to.
    Inflated(usize),
    /// What streams inside of files decode to, one behind the other.
    Nested(Arc<Batch>),
}

/// A search that is to begin: of which stream, and where its bytes come from.
pub(super) type Opened = (Stream, mpsc::Receiver<Bytes>);

/// How much memory the next member may take, in bytes.
#[derive(Debug)]
pub(super) struct Room {
    /// For the list of paths.
    pub(super) paths: usize,
    /// For a JSON text.
    pub(super) json: u64,
}

/// Reads a saved image: passes all bytes on to the searches it opens, and keeps account of the
/// members. Blocks while there is nothing to read or a search is slower.
pub(super) fn walk(
    mut input: mpsc::Receiver<Result<Bytes, SourceError>>,
    searches: mpsc::UnboundedSender<Opened>,
    limits: Limits,
    clean: Option<CleanLayers>,
) -> Inventory {
    let mut walk = Walk::new(searches, limits, clean);
    let search = walk.open(Stream::Saved);
    let mut tape = Tape::new();
    let (mut bytes, mut failure) = (0, None);
    while let Some(chunk) = input.blocking_recv() {
        match chunk {
            Ok(chunk) => {
                let begin = bytes;
                bytes += u64::try_from(chunk.len()).unwrap_or(0);
                tape.push(&chunk, &mut walk);
                let mut parts = without(&chunk, begin, &walk.passed_over).into_iter();
                if parts.any(|part| search.blocking_send(part).is_err()) {
                    break;
                }
            }
            Err(error) => failure = Some(error),
        }
    }
    walk.close();
    let (standing, is_odd) = (tape.standing(), tape.is_broken());
    let Walk {
        members,
        left_out,
        passed_over,
        pool,
        ..
    } = walk;
    Inventory {
        members,
        left_out,
        passed_over,
        not_read: pool.finish(),
        bytes,
        standing,
        is_odd,
        failure,
    }
}

struct Walk {
    searches: mpsc::UnboundedSender<Opened>,
    members: Vec<Member>,
    reading: Option<Reading>,
    pool: Pool,
    room: Room,
    json_left: usize,
    names: usize,
    left_out: bool,
    clean: Option<CleanLayers>,
    passed_over: Vec<Range<u64>>,
}

impl Walk {
    fn new(
        searches: mpsc::UnboundedSender<Opened>,
        limits: Limits,
        clean: Option<CleanLayers>,
    ) -> Self {
        let room = Room {
            paths: ROOM_FOR_PATHS,
            json: LONGEST_JSON,
        };
        Self {
            pool: Pool::start(limits, &searches),
            searches,
            members: Vec::new(),
            reading: None,
            room,
            json_left: ROOM_FOR_JSON,
            names: 0,
            left_out: false,
            clean,
            passed_over: Vec::new(),
        }
    }

    fn open(&self, stream: Stream) -> mpsc::Sender<Bytes> {
        open(&self.searches, stream)
    }

    /// Begins a member: one that was found clean before is passed over, and only its digest taken.
    fn begin(&mut self, entry: Entry) -> Reading {
        let may_be = !entry.is_mapped && entry.target.is_none() && entry.size > 0;
        let layers = self.clean.as_ref().filter(|_| may_be);
        let Some(layer) = layers.and_then(|layers| layers.find(&entry.name)) else {
            return Reading::new(entry);
        };
        let end = entry.data.saturating_add(entry.size);
        self.passed_over.push(entry.data..end);
        Reading::clean(entry, layer)
    }

    /// Puts the member that was read to the others, and takes what it keeps off the room.
    fn close(&mut self) {
        let Some(member) = self.reading.take().map(Reading::finish) else {
            return;
        };
        match &member.content {
            Content::Tar { paths, .. } => self.room.paths -= paths.size().min(self.room.paths),
            Content::Inflated(inflated) => {
                self.room.paths -= inflated.paths.size().min(self.room.paths);
            }
            Content::Json(Some(text)) => {
                self.json_left -= text.len().min(self.json_left);
                self.room.json = LONGEST_JSON.min(u64::try_from(self.json_left).unwrap_or(0));
            }
            Content::Json(None) | Content::Clean(_) | Content::Other => {}
        }
        self.members.push(member);
    }
}

impl Sink for Walk {
    fn entry(&mut self, mut entry: Entry) {
        self.close();
        // Docker unpacks an image before it reads it: of several names for one file, the last member is it.
        entry.name = join(b"", &entry.name);
        self.names += entry.name.len() + entry.target.as_ref().map_or(0, Vec::len);
        if self.members.len() >= MOST_MEMBERS || self.names > ROOM_FOR_NAMES {
            self.left_out = true;
        } else {
            self.reading = Some(self.begin(entry));
        }
    }

    fn data(&mut self, bytes: &[u8]) {
        let opener = Opener {
            searches: &self.searches,
            pool: &self.pool,
            member: self.members.len(),
        };
        if let Some(reading) = &mut self.reading {
            reading.push(bytes, &self.room, &opener);
        }
    }

    fn end(&mut self) {
        if let Some(reading) = &mut self.reading {
            reading.end();
        }
    }
}

/// Makes the ways to the searches for what is inside of one member.
pub(super) struct Opener<'w> {
    searches: &'w mpsc::UnboundedSender<Opened>,
    pool: &'w Pool,
    member: usize,
}

impl Opener<'_> {
    /// The way of what the member inflates to.
    pub(super) fn inflated(&self) -> mpsc::Sender<Bytes> {
        open(self.searches, Stream::Inflated(self.member))
    }

    /// The way of the files in the member to those who look inside of them.
    pub(super) fn feed(&self) -> Feed {
        self.pool.feed(self.member)
    }
}

/// The bytes of a chunk that begins at this offset, without those in the ranges.
fn without(chunk: &Bytes, begin: u64, ranges: &[Range<u64>]) -> Vec<Bytes> {
    let length = chunk.len();
    let within = |offset: u64| {
        let within = usize::try_from(offset.saturating_sub(begin)).unwrap_or(length);
        within.min(length)
    };
    let (mut parts, mut from) = (Vec::new(), 0);
    for range in ranges {
        parts.push(chunk.slice(from..within(range.start).max(from)));
        from = within(range.end).max(from);
    }
    parts.push(chunk.slice(from..));
    parts.retain(|part| !part.is_empty());
    parts
}

fn open(searches: &mpsc::UnboundedSender<Opened>, stream: Stream) -> mpsc::Sender<Bytes> {
    let (sender, receiver) = mpsc::channel(CHUNKS_WAITING);
    // Where nobody takes the search up, sending its first bytes fails.
    drop(searches.send((stream, receiver)));
    sender
}

/// Of a saved image: four times what the deepest image (127 layers) has, at eight members a layer.
pub(super) const MOST_MEMBERS: usize = 4_096;
const ROOM_FOR_NAMES: usize = 4 << 20;
/// About a million files.
const ROOM_FOR_PATHS: usize = 24 << 20;
/// The longest document that is understood.
const LONGEST_JSON: u64 = 4 << 20;
/// All documents together.
const ROOM_FOR_JSON: usize = 12 << 20;
/// What may wait between the parts of a verification, in chunks.
pub(super) const CHUNKS_WAITING: usize = 2;
