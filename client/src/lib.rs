//! What a person runs: the engine's command line with a grant wired in, the check of the image it
//! made, and the summary of what was used.
//!
//! | module | holds |
//! |---|---|
//! | `program` | the way from the command line to an exit status |
//! | `cli` | the command line's types |
//! | `config` | what files say about a build |
//! | `command` | one module for each command |
//! | `engine` | the tools that build |
//! | `dockerfile` | Dockerfiles, read without loss |
//! | `lint` | what in a Dockerfile leaks keys, and its repair |
//! | `context` | the files that a build is given, as docker would send them |
//! | `wiring` | the changes that connect a build to its grant |
//! | `verify` | the search of an image for keys |
//! | `sarif` | findings in the form that code scanners exchange |
//! | `agent_link` | the private agent and calls to it |
//! | `shim` | the program that stands in for `ssh` inside a build step |
//! | `summary` | what a build used, in a few lines |
//! | `receipt` | what a build was and what its image was searched for, as an attestation |
//! | `progress` | how far a search is |
//! | `error`, `exit_code`, `output` | what a person reads when it ends |

mod agent_link;
mod cli;
mod command;
mod config;
pub mod context;
pub mod dockerfile;
pub mod engine;
mod error;
mod exit_code;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod lint;
mod output;
mod program;
mod progress;
mod receipt;
mod regular;
pub mod sarif;
pub mod shim;
mod summary;
mod unix_http;
pub mod verify;
pub mod wiring;

pub use program::main;
