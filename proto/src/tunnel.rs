//! The tunnel: how the shim inside a build step talks to the broker through an agent socket.
//!
//! Every client that forwards an agent passes `SSH_AGENTC_SIGN_REQUEST` and its answer on without
//! looking at key, data or signature, and may break a connection at any time. So one frame is the
//! data of one request to sign with a key that no agent holds, and its reply is the signature:
//!
//! ```text
//! key blob    string "tunnel-v1@keystay" | byte[16] stream id
//! data        Request
//! signature   string "tunnel-v1@keystay" | string Reply
//! ```
//!
//! A frame says where in the stream its bytes begin, so one that is sent twice, on whatever
//! connection, does what it does once.

mod reply;
mod request;
mod stream_id;

pub use reply::{Exit, Reply};
pub use request::{Exchange, Open, Request};
pub use stream_id::{StreamId, key_blob, stream_of};

/// The algorithm name of the tunnel's keys and signatures (RFC 4251 §6).
pub const ALGORITHM: &str = "tunnel-v1@keystay";
