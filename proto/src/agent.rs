//! The SSH agent protocol (RFC 9987), with OpenSSH's extensions.
//!
//! A message is the body of a [`frame`](crate::frame). [`Request`] keeps messages that builds are not
//! served, add, remove, lock and their kin, as numbers with their bytes; the agent's own socket
//! decodes them further.

mod add;
mod constraint;
mod destination;
mod extension;
mod identity;
mod number;
mod request;
mod response;
mod session_bind;
mod sign;

pub use add::{AddIdentity, AddedKey};
pub use constraint::Constraint;
pub use destination::{Destination, Hop, HopKey};
pub use extension::Extension;
pub use identity::Identity;
pub use number::MessageNumber;
pub use request::Request;
pub use response::Response;
pub use session_bind::SessionBind;
pub use sign::{SignFlags, SignRequest};
