//! Secrets that are none of the build's: other private keys, and tokens in the URLs of git's
//! configuration.
//!
//! No key is needed to find them, so they are looked for in this process, beside the search of the
//! matcher. A private key counts only if it parses, or is the well-formed file of a locked one: a
//! public key, a certificate, a placeholder or the source of a program that reads keys does not.

mod bare;
mod beside;
mod der;
mod encoded;
mod known;
mod openssh;
mod pem;
mod putty;
mod search;
mod shown;
mod url;

pub(super) use beside::beside;
pub use search::Kind;
pub(super) use search::Other;
#[cfg(any(test, fuzzing))]
pub(super) use search::Search;
pub(super) use shown::without_secrets;
pub(super) use url::is_configuration;

#[cfg(test)]
mod tests;
