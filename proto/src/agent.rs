//! The SSH agent protocol (RFC 9987), as far as a build's socket serves it.
//!
//! A message is the body of a [`frame`](crate::frame). Messages that builds are not served, add,
//! remove, lock and their kin, are kept as numbers with their bytes.

mod extension;
mod identity;
mod number;
mod request;
mod response;
mod sign;

pub use extension::Extension;
pub use identity::Identity;
pub use number::MessageNumber;
pub use request::Request;
pub use response::Response;
pub use sign::{SignFlags, SignRequest};
