//! A private agent as a process, pressed from outside.

#![cfg(target_os = "linux")]
#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic in a test is how it fails"
)]

#[path = "process/confined.rs"]
mod confined;
#[path = "process/descriptors.rs"]
mod descriptors;
#[path = "process/ended.rs"]
mod ended;
#[path = "process/support.rs"]
mod support;
#[path = "process/waits.rs"]
mod waits;
