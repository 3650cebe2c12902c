//! One member of a saved image, read as it passes.

use std::io::{self, Write};

use bytes::{Bytes, BytesMut};
use flate2::write::MultiGzDecoder;
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use super::{
    inventory::{Content, Inflated, Member},
    paths::Paths,
    tape::{self, BLOCK, Entry, Tape},
    walk::Room,
};

/// A member of which not all bytes were seen.
pub(super) struct Reading {
    entry: Entry,
    hash: Sha256,
    form: Form,
    whole: bool,
}

enum Form {
    /// As many first bytes as are needed to tell.
    Unknown(Vec<u8>),
    Tar(Box<Tape>, Paths),
    Gzip(Box<MultiGzDecoder<Inflating>>, Result<(), io::Error>),
    Compressed(&'static str),
    Json(Option<Vec<u8>>),
    Other,
}

impl Reading {
    /// A member whose content is to come.
    pub(super) fn new(entry: Entry) -> Self {
        Self {
            entry,
            hash: Sha256::new(),
            form: Form::Unknown(Vec::new()),
            whole: false,
        }
    }

    /// Reads the next bytes. `open` makes the channel to the search for what is inflated.
    pub(super) fn push(
        &mut self,
        bytes: &[u8],
        room: &Room,
        open: impl FnOnce() -> mpsc::Sender<Bytes>,
    ) {
        self.hash.update(bytes);
        if let Form::Unknown(head) = &mut self.form {
            head.extend_from_slice(bytes);
            if u64::try_from(head.len()).unwrap_or(u64::MAX) >= BLOCK.min(self.entry.size) {
                let head = std::mem::take(head);
                self.form = Form::of(&head, self.entry.size, room, open);
                self.form.push(&head);
            }
        } else {
            self.form.push(bytes);
        }
    }

    /// Notes that the content was there to its last byte.
    pub(super) fn end(&mut self) {
        self.whole = true;
    }

    /// What was read.
    pub(super) fn finish(self) -> Member {
        let content = match self.form {
            Form::Tar(_, paths) => Content::Tar(paths),
            Form::Gzip(decoder, so_far) => Content::Gzip(inflated(*decoder, so_far.is_ok())),
            Form::Compressed(how) => Content::Compressed(how),
            Form::Json(text) => Content::Json(text),
            Form::Unknown(_) | Form::Other => Content::Other,
        };
        Member {
            entry: self.entry,
            whole: self.whole,
            digest: self.hash.into(),
            content,
        }
    }
}

impl Form {
    /// The form of a member with these first bytes.
    fn of(head: &[u8], size: u64, room: &Room, open: impl FnOnce() -> mpsc::Sender<Bytes>) -> Self {
        if head.get(..512).is_some_and(is_tar) {
            return Self::Tar(Box::new(Tape::new()), Paths::with_room(room.paths));
        }
        if head.starts_with(GZIP) {
            let inflating = Inflating::new(Paths::with_room(room.paths), open());
            return Self::Gzip(Box::new(MultiGzDecoder::new(inflating)), Ok(()));
        }
        if let Some((_, how)) = COMPRESSIONS
            .iter()
            .find(|(magic, _)| head.starts_with(magic))
        {
            return Self::Compressed(how);
        }
        if matches!(head.first(), Some(b'{' | b'[')) {
            return Self::Json((size <= room.json).then(Vec::new));
        }
        Self::Other
    }

    fn push(&mut self, bytes: &[u8]) {
        match self {
            Self::Tar(tape, paths) => tape.push(bytes, paths),
            Self::Gzip(decoder, so_far) if so_far.is_ok() => *so_far = decoder.write_all(bytes),
            Self::Json(Some(text)) => text.extend_from_slice(bytes),
            _ => {}
        }
    }
}

fn is_tar(block: &[u8]) -> bool {
    tape::is_header(block) || block.iter().all(|byte| *byte == 0)
}

fn inflated(mut decoder: MultiGzDecoder<Inflating>, so_far: bool) -> Inflated {
    let whole = so_far && decoder.try_finish().is_ok();
    let inflating = decoder.get_mut();
    let whole = inflating.flush().is_ok() && whole;
    Inflated {
        digest: inflating.hash.clone().into(),
        bytes: inflating.bytes,
        whole,
        paths: std::mem::replace(&mut inflating.paths, Paths::with_room(0)),
    }
}

/// Where inflated bytes go: to the digest, the list of paths, and the search.
struct Inflating {
    hash: Sha256,
    bytes: u64,
    tape: Tape,
    paths: Paths,
    waiting: BytesMut,
    search: mpsc::Sender<Bytes>,
}

impl Inflating {
    fn new(paths: Paths, search: mpsc::Sender<Bytes>) -> Self {
        Self {
            hash: Sha256::new(),
            bytes: 0,
            tape: Tape::new(),
            paths,
            waiting: BytesMut::new(),
            search,
        }
    }
}

impl Write for Inflating {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.hash.update(bytes);
        self.tape.push(bytes, &mut self.paths);
        self.waiting.extend_from_slice(bytes);
        self.bytes += u64::try_from(bytes.len()).unwrap_or(0);
        if self.waiting.len() >= PORTION {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        let bytes = self.waiting.split().freeze();
        if bytes.is_empty() {
            return Ok(());
        }
        self.search
            .blocking_send(bytes)
            .map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}

const GZIP: &[u8] = &[0x1f, 0x8b];
const COMPRESSIONS: [(&[u8], &str); 3] = [
    (&[0x28, 0xb5, 0x2f, 0xfd], "zstd"),
    (&[0xfd, b'7', b'z', b'X', b'Z', 0], "xz"),
    (b"BZh", "bzip2"),
];
/// How much is inflated before it is sent.
const PORTION: usize = 128 << 10;
