//! What is inside of the files of an image: archives and compressed streams, in one another.
//!
//! A stream is found by its first bytes at any place of a file, never by the file's name, and
//! counts as one only when its header is right and it decodes. What it decodes to is searched for
//! keys and for more streams, as deep as [`Limits`] say. Each thing that was not read for a reason
//! of its own (encrypted, too deep, too large, not supported, broken) is an [`Unread`], never
//! silence.
//!
//! Nothing is kept whole but small files; every decoder's memory is bounded. Files are looked
//! through by several threads, each with one request to the matcher for each depth, so that
//! thousands of small streams share one.

mod chunks;
mod feed;
mod file;
mod finder;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
mod kind;
mod known;
mod level;
mod limits;
mod lookalikes;
mod memory;
mod names;
mod opener;
mod pool;
mod quine;
mod tally;
mod text;
mod unread;
mod window;
mod worker;
mod zip;

pub use self::unread::Unread;
pub(super) use self::{
    feed::Feed,
    level::{Batch, Level},
    limits::Limits,
    memory::Label,
    names::Names,
    opener::{Layer, layer},
    pool::Pool,
    tally::Tally,
    unread::NotRead,
};
