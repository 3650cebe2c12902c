//! The host keys that are known on this machine, in OpenSSH's format (sshd(8), under
//! `SSH_KNOWN_HOSTS FILE FORMAT`).
//!
//! Host keys are opaque here: compared byte for byte, never decoded. Of a host certificate what stands
//! around the key is: it belongs to the hosts that it names and a `@cert-authority` line is about, or
//! else to those that its key belongs to without it, as in OpenSSH.

mod belongs;
mod builtin;
#[cfg(test)]
mod certificate_tests;
mod check;
mod entry;
mod for_grant;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod list;
mod names;
mod shown;
#[cfg(test)]
mod tests;

pub(crate) use check::Check;
pub(crate) use list::{KnownHosts, open};
pub(crate) use names::is_match;
pub(crate) use shown::{ShownKey, certifies};
