//! Keys of every kind and source, made, held and verified by the real programs.

#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::large_stack_arrays,
    clippy::panic,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a panic in a test is how it fails"
)]

#[path = "keys/agents.rs"]
mod agents;
#[path = "keys/certificates.rs"]
mod certificates;
#[path = "keys/files.rs"]
mod files;
#[path = "keys/formats.rs"]
mod formats;
#[cfg(target_os = "linux")]
#[path = "keys/memory.rs"]
mod memory;
#[cfg(target_os = "linux")]
#[path = "keys/prompts.rs"]
mod prompts;
#[path = "keys/signatures.rs"]
mod signatures;
#[path = "keys/support.rs"]
mod support;
