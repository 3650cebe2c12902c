//! The entries of a layer, as they pass.

use crate::verify::{
    decode::{Feed, Names},
    paths::Paths,
    tape::{BLOCK, Entry, Sink},
};

/// Where the entries of a layer go: to the list of paths, and to those who look inside of them.
pub(super) struct Layer {
    pub(super) paths: Paths,
    feed: Feed,
    inner: Inner,
}

/// The archive that an entry may be.
struct Inner {
    name: Vec<u8>,
    begin: u64,
    head: Vec<u8>,
    names: Option<Names>,
}

impl Layer {
    pub(super) fn new(room: usize, feed: Feed) -> Self {
        Self {
            paths: Paths::with_room(room),
            feed,
            inner: Inner {
                name: Vec::new(),
                begin: 0,
                head: Vec::new(),
                names: None,
            },
        }
    }
}

impl Sink for Layer {
    fn entry(&mut self, entry: Entry) {
        self.inner = Inner {
            name: entry.name.clone(),
            begin: entry.data,
            head: Vec::new(),
            names: None,
        };
        self.paths.entry(entry.clone());
        self.feed.entry(entry);
    }

    fn data(&mut self, bytes: &[u8]) {
        self.inner.push(bytes, &mut self.paths);
        self.feed.data(bytes);
    }

    fn end(&mut self) {
        self.feed.end();
    }

    fn attributes(&mut self, entry: Entry) {
        self.feed.entry(entry);
    }

    fn attributes_data(&mut self, bytes: &[u8]) {
        self.feed.data(bytes);
    }

    fn attributes_end(&mut self) {
        self.feed.end();
    }
}

impl Inner {
    /// Adds the paths of the entries of an archive in an entry.
    fn push(&mut self, bytes: &[u8], paths: &mut Paths) {
        let block = usize::try_from(BLOCK).unwrap_or(0);
        let first = self.names.is_none();
        if first {
            let missing = block.saturating_sub(self.head.len()).min(bytes.len());
            if self.head.is_empty() && bytes.len() >= block {
                // The usual case needs no copy.
            } else {
                let (head, rest) = bytes.split_at(missing);
                self.head.extend_from_slice(head);
                if self.head.len() < block {
                    return;
                }
                let head = std::mem::take(&mut self.head);
                self.names(&head, paths);
                return self.names(rest, paths);
            }
        }
        self.names(bytes, paths);
    }

    fn names(&mut self, bytes: &[u8], paths: &mut Paths) {
        let names = self.names.get_or_insert_with(Names::new);
        names.push(bytes);
        for part in names.fresh() {
            let name = [&self.name, b"!/".as_slice(), &part.name].concat();
            paths.add(self.begin + part.begin, self.begin + part.data, name);
        }
        names.forget(u64::MAX);
    }
}
