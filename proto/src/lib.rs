//! What travels between Keystay's processes and through a build's agent socket.
//!
//! Nothing here performs I/O, reads a clock or draws randomness: bytes in, values out, and back.

pub mod control;
mod key;

pub use key::{Fingerprint, FingerprintError};
