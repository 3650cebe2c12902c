//! What this agent searches with.

use keystay_proto::control::Encoding;

/// The version of the program, and the encodings that it looks for. Who remembers what a search found
/// holds it against this: another agent may find more.
#[must_use]
pub fn search() -> String {
    let encodings = Encoding::ALL.map(|encoding| format!("{encoding:?}"));
    format!("{} {}", env!("CARGO_PKG_VERSION"), encodings.join(" "))
}
