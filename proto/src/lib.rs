//! What travels between Keystay's processes and through a build's agent socket.
//!
//! Nothing here performs I/O, reads a clock or draws randomness: bytes in, values out, and back.
//! Decoding is strict: every length prefix opens a reader of its own, nothing may follow what a
//! message holds, and a value that was decoded encodes to the bytes that it came from.

pub mod agent;
mod certificate;
pub mod control;
mod error;
pub mod frame;
pub mod git;
mod key;
pub mod limits;
mod name;
mod printable;
pub mod sshsig;
pub mod tunnel;
pub mod userauth;
mod wire;

pub use certificate::Certificate;
pub use error::DecodeError;
pub use key::{Fingerprint, FingerprintError, Signature, algorithm};
pub use printable::{escaped, is_plain_word, is_visible, printable};
