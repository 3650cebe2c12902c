//! The entries of an archive, and where they go.

/// What is told of an archive while it passes.
pub(in crate::verify) trait Sink {
    /// An entry begins.
    fn entry(&mut self, entry: Entry);
    /// The next bytes of the entry's content.
    fn data(&mut self, bytes: &[u8]);
    /// The entry's content was there to its last byte.
    fn end(&mut self);
    /// An entry of attributes of the next one, or of all, begins (pax); its bytes and its end follow.
    fn attributes(&mut self, _: Entry) {}
    /// The next bytes of the attributes.
    fn attributes_data(&mut self, _: &[u8]) {}
    /// The attributes were there to their last byte.
    fn attributes_end(&mut self) {}
}

/// One entry of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::verify) struct Entry {
    /// Its path; text of the outside, at most 4,096 bytes.
    pub(in crate::verify) name: Vec<u8>,
    /// What a symbolic link points to.
    pub(in crate::verify) target: Option<Vec<u8>>,
    /// Where its first header begins, those that only carry its long name included.
    pub(in crate::verify) begin: u64,
    /// Where its content begins.
    pub(in crate::verify) data: u64,
    /// How long its content is.
    pub(in crate::verify) size: u64,
    /// Whether blocks with a map of its holes stand before the content.
    pub(in crate::verify) is_mapped: bool,
}
