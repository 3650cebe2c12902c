//! Dockerfiles, read without loss: every byte of the text belongs to a part with a span, so a change
//! is a splice into the original and whatever it does not touch stays byte for byte.
//!
//! The rules are those of `BuildKit`'s own reader (`frontend/dockerfile/parser` and `instructions`),
//! its quirks included, because what the engine sees is what counts. Where they differ between
//! versions the newest is followed. Nothing here is expanded or checked: unknown instructions, flags
//! and options are kept as data, and it is the engine that refuses them.

mod command;
mod csv;
mod directive;
mod document;
mod error;
mod flag;
mod heredoc;
mod keyword;
mod limits;
mod logical;
mod mount;
mod parse;
mod source_line;
mod span;
mod splice;
mod stage;
mod words;

pub use command::Command;
pub use csv::{CsvError, fields};
pub use directive::Directive;
pub use document::{Dockerfile, Instruction, Part};
pub use error::ParseError;
pub use flag::Flag;
pub use heredoc::Heredoc;
pub use keyword::Keyword;
pub use limits::{MAX_DOCKERFILE, MAX_LINE, MAX_SUBSTITUTION_DEPTH};
pub use mount::Mount;
pub use span::Span;
pub use splice::{Splice, SpliceError};
pub use stage::Stage;
