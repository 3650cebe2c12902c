//! What the end-to-end tests, the benchmarks and the demo stand on.
//!
//! - [`lab`]: real engines, git hosts, base images, repositories and keys on this machine.
//! - [`xtask`]: the project's commands, run as `cargo xtask`.

pub mod lab;
pub mod xtask;
