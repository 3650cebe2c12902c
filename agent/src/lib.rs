//! The Keystay agent: everything that touches a key.
//!
//! Arrows point one way: daemon and control → session → pipeline → grant → policy → key → sign →
//! secret. The client uses [`main`] and nothing else; all other talk goes over the control socket.
//! The public modules are what this crate's own tests and benches reach into.

mod asker;
mod audit;
mod broker;
mod clock;
mod config;
mod control;
mod daemon;
mod engine;
mod folder;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
mod grant;
mod harden;
pub mod key;
mod keyring;
mod known_hosts;
mod lifeline;
mod listener;
mod pipeline;
mod place;
mod policy;
mod program;
pub mod prompt;
mod protection;
mod said;
pub mod scan;
pub mod secret;
mod session;
pub mod sign;
mod ssh_agent;
mod ssh_config;
#[cfg(test)]
mod testing;
mod tunnel;
mod workers;

pub use program::main;
