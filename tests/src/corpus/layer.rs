//! Layers, written as tar.

use tar::{Builder, EntryType, Header};

/// One layer under construction.
pub(super) struct Layer {
    tar: Builder<Vec<u8>>,
}

impl Layer {
    /// An empty layer.
    pub(super) fn new() -> Self {
        Self {
            tar: Builder::new(Vec::new()),
        }
    }

    /// A layer that another program wrote.
    pub(super) fn written(tar: Vec<u8>) -> Self {
        Self {
            tar: Builder::new(tar),
        }
    }

    /// A layer with one file.
    pub(super) fn of(path: &str, content: impl AsRef<[u8]>) -> Self {
        Self::new().file(path, content)
    }

    /// Adds a file.
    pub(super) fn file(mut self, path: &str, content: impl AsRef<[u8]>) -> Self {
        let content = content.as_ref();
        let mut header = header(EntryType::Regular, content.len());
        let added = self.tar.append_data(&mut header, path, content);
        added.expect("memory");
        self
    }

    /// Adds a symbolic or a hard link.
    pub(super) fn link(mut self, kind: EntryType, path: &str, target: &str) -> Self {
        let mut header = header(kind, 0);
        let added = self.tar.append_link(&mut header, path, target);
        added.expect("memory");
        self
    }

    /// Says something about the next entry.
    pub(super) fn attribute(mut self, name: &str, value: &[u8]) -> Self {
        let added = self.tar.append_pax_extensions([(name, value)]);
        added.expect("memory");
        self
    }

    /// The layer's bytes.
    pub(super) fn bytes(self) -> Vec<u8> {
        self.tar.into_inner().expect("memory")
    }
}

fn header(kind: EntryType, size: usize) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    header.set_mode(0o644);
    header.set_size(u64::try_from(size).expect("a size"));
    header
}
