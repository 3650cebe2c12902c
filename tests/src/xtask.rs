//! The project's commands, one module each.

mod cli;
mod lab;

pub use cli::main;
