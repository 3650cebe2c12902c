//! The tunnel's end on the host: streams that survive the connections they travel on.
//!
//! A stream is what one `ssh` inside a step is to git: standard input, output and error, and an
//! exit status. Frames name the place of their bytes, so the shim may send one again whenever a
//! connection breaks; bytes going out are kept until the next frame says that they have arrived. What is kept
//! is counted in [`Memory`].

mod ends;
mod kept;
mod memory;
mod stream;
mod table;

pub(crate) use ends::{Errors, Input, Output};
pub(crate) use memory::Memory;
pub(crate) use stream::{Abandoned, Stream};
pub(crate) use table::{OpenError, Streams};
