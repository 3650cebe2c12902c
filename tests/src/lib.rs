//! What the end-to-end tests, the benchmarks and the demo stand on.
//!
//! - [`corpus`]: images with and without a key in them.
//! - [`mod@env`]: a person's home, a build context and an engine, for one test.
//! - [`lab`]: real engines, git hosts, base images, repositories and keys on this machine.
//! - [`xtask`]: the project's commands, run as `cargo xtask`.

pub mod bench;
pub mod corpus;
pub mod demo;
pub mod env;
pub mod lab;
pub mod xtask;
