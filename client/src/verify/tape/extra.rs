//! Long names and sizes, which tar writes into entries of their own.

use tar::{EntryType, PaxExtensions};

use super::{first, length};

/// What precedes an entry and belongs to it.
#[derive(Default)]
pub(super) struct Extra {
    text: Vec<u8>,
    pub(super) name: Option<Vec<u8>>,
    pub(super) target: Option<Vec<u8>>,
    pub(super) size: Option<u64>,
}

impl Extra {
    /// Forgets what is not understood yet.
    pub(super) fn clear(&mut self) {
        self.text.clear();
    }

    /// Takes the next bytes of an entry that describes the next one; no more than are kept.
    pub(super) fn push(&mut self, bytes: &[u8]) {
        let room = LONGEST_EXTRA.saturating_sub(length(&self.text));
        self.text.extend_from_slice(first(bytes, room));
    }

    /// Understands the content of an entry that describes the next one.
    pub(super) fn read(&mut self, kind: EntryType) {
        let text = std::mem::take(&mut self.text);
        if kind.is_gnu_longname() {
            self.name = Some(c_string(&text));
        } else if kind.is_gnu_longlink() {
            self.target = Some(c_string(&text));
        } else {
            for record in PaxExtensions::new(&text).flatten() {
                self.record(record.key_bytes(), record.value_bytes());
            }
        }
    }

    fn record(&mut self, key: &[u8], value: &[u8]) {
        match key {
            b"path" | b"GNU.sparse.name" => self.name = Some(short(value)),
            b"linkpath" => self.target = Some(short(value)),
            b"size" => {
                let size = str::from_utf8(value).ok();
                self.size = size.and_then(|size| size.parse().ok());
            }
            _ => {}
        }
    }
}

fn c_string(text: &[u8]) -> Vec<u8> {
    short(text.split(|byte| *byte == 0).next().unwrap_or_default())
}

/// The name, cut to what is kept.
pub(super) fn short(name: &[u8]) -> Vec<u8> {
    first(name, LONGEST_NAME).to_vec()
}

/// As long as Linux takes a path.
const LONGEST_NAME: u64 = 4096;
/// What is kept of an entry that describes the next one.
const LONGEST_EXTRA: u64 = 64 << 10;
