//! The agent's own socket is an ssh-agent's.

mod agent;
mod confined;
mod libraries;
mod memory;
mod messages;
mod options;
mod programs;
mod records;
