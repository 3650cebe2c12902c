//! The project's commands, one module each.

mod bench;
mod cargo;
mod cli;
mod demo;
mod fuzz;
mod lab;
mod test;

pub(crate) use cargo::{say, status};
pub use cli::main;
