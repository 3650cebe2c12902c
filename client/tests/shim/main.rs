//! The shim: its parts that decide, and the program as a build step runs it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test fails by panicking"
)]

#[path = "../../shim/arguments.rs"]
mod arguments;
#[path = "../../shim/backoff.rs"]
mod backoff;
#[path = "../../shim/frame.rs"]
mod frame;
#[path = "../../shim/input.rs"]
mod input;
#[path = "../../shim/line.rs"]
mod line;
#[path = "../../shim/place.rs"]
mod place;

mod command_line;
mod files;
mod frames;
mod parts;

#[cfg(target_os = "linux")]
mod agent;
#[cfg(target_os = "linux")]
mod refusing;
#[cfg(target_os = "linux")]
mod running;
#[cfg(target_os = "linux")]
mod streams;
#[cfg(target_os = "linux")]
mod trouble;
#[cfg(target_os = "linux")]
mod with_git;
