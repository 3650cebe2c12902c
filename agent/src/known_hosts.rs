//! The host keys that are known on this machine, in OpenSSH's format (sshd(8), under
//! `SSH_KNOWN_HOSTS FILE FORMAT`).
//!
//! Host keys are opaque here: compared byte for byte, never decoded. A host certificate therefore
//! belongs to no host, even where a `@cert-authority` line would let OpenSSH accept it.

mod builtin;
mod check;
mod entry;
mod for_grant;
mod list;
mod names;
#[cfg(test)]
mod tests;

pub(crate) use check::Check;
pub(crate) use list::KnownHosts;
pub(crate) use names::is_match;
