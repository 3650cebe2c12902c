//! The Keystay agent: everything that touches a key.
//!
//! Arrows point one way: daemon and control → session → pipeline → grant → policy → key → sign →
//! secret. Outside this crate only [`main`] is used; all other talk goes over the control socket.

mod audit;
mod config;
mod control;
mod daemon;
mod folder;
mod grant;
mod harden;
mod key;
mod known_hosts;
mod lifeline;
mod listener;
mod pipeline;
mod policy;
mod printable;
mod prompt;
mod scan;
mod secret;
mod session;
mod sign;
#[cfg(test)]
mod testing;

pub use config::{Config, main};
pub use daemon::run;
