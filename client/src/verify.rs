//! Looking for the keys of a build in the image it made, and in what it is given.
//!
//! The saved image is read once, as a stream. Every byte of it, and of what its gzip layers inflate
//! to, goes to a [`Matcher`], which holds the keys; nothing here does. Beside that the stream is
//! parsed, for two ends: to account for every layer and configuration that the image names, since
//! what was not read is never clean, and to say where a hit is.

mod account;
mod armor;
mod buffer;
mod cache;
mod censor;
mod clean_layers;
mod control;
mod copies;
mod decode;
mod finding;
mod gap;
mod given;
mod instruction;
mod inventory;
mod json_path;
mod layer;
mod line;
mod locate;
mod manifest;
mod matcher;
mod member;
mod meter;
mod name;
mod offset;
mod others;
mod paths;
mod run;
mod seams;
mod sought;
mod source;
mod tape;
mod text;
mod unchanged;
mod walk;
mod warning;

#[cfg(test)]
mod fixture;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
#[cfg(test)]
mod tests;

pub use cache::{Cache, SEARCH, Subject};
pub use clean_layers::CleanLayers;
pub use control::ControlMatcher;
pub use copies::WithCopies;
pub use decode::Unread;
pub use finding::{Finding, Place, Spot};
pub use gap::Gap;
pub use given::{Content, Given, Searched, Sighting, search_given};
pub use layer::Layer;
pub use matcher::{Matcher, MatcherError};
pub use meter::Meter;
pub use name::{Name, NameKind};
pub use offset::{Offset, Whole};
pub use others::Kind;
pub(crate) use run::identify;
pub use run::{Verdict, Verified, VerifyError, verify, verify_unknown_layers};
pub use sought::Sought;
pub(crate) use source::is_layout;
pub use source::{ImageSource, SourceError};
pub(crate) use tape::is_header;
pub use unchanged::{Mark, Unchanged};
pub use warning::Warning;
pub(crate) use warning::in_order as warnings_in_order;
