//! How much is decoded.

/// The limits of one verification.
#[derive(Clone, Copy, Debug)]
pub(in crate::verify) struct Limits {
    /// Whether files are looked into at all.
    pub(in crate::verify) looks_inside: bool,
    /// How many streams deep.
    pub(in crate::verify) depth: usize,
    /// What the streams of one member of the saved image may decode to, in bytes.
    pub(in crate::verify) per_member: u64,
    /// What all streams may decode to, in bytes.
    pub(in crate::verify) in_all: u64,
    /// Above this many bytes a stream may not be `ratio` times as long as what it is decoded from.
    pub(in crate::verify) bomb: u64,
    /// How many times.
    pub(in crate::verify) ratio: u64,
    /// Above this much work, in bytes, what begins as a stream does and is none may not take more than
    /// all that is looked through: 500 times what was measured of images.
    pub(in crate::verify) lookalikes: u64,
    /// What the decoders of one nest may keep of what they decoded, in bytes.
    pub(in crate::verify) memory: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            looks_inside: true,
            depth: 6,
            per_member: 16 << 30,
            in_all: 64 << 30,
            bomb: 256 << 20,
            ratio: 250,
            lookalikes: 64 << 20,
            memory: 12 << 20,
        }
    }
}
