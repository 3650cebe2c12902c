//! What the agent gives up: before it holds a key, and before it serves.

mod before;
#[cfg(target_os = "linux")]
mod calls;
#[cfg(target_os = "linux")]
mod check;
#[cfg(target_os = "linux")]
mod files;
mod gate;
mod memory;
mod reach;
#[cfg(target_os = "linux")]
mod shut;
#[cfg(not(target_os = "linux"))]
#[path = "harden/open.rs"]
mod shut;

pub(crate) use before::before_keys;
#[cfg(target_os = "linux")]
pub(crate) use check::check;
pub(crate) use gate::Gate;
pub(crate) use memory::after_keys;
pub(crate) use reach::Reach;
#[cfg(not(target_os = "linux"))]
pub(crate) use shut::check;
pub(crate) use shut::{confine, confine_thread};
