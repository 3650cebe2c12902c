//! Looking for private keys in plain bytes.
//!
//! [`Needles`] holds the secret numbers of some keys in every encoding that is looked for;
//! a [`Scanner`] is given bytes as they come and says where they hold 80 bits or more of one of
//! those numbers. Nothing here parses: containers (PEM, OpenSSH, PKCS#8, JSON) need no knowledge of
//! their form, since each holds the number itself, raw or in base64 at one of three alignments.
//!
//! How: every 8-byte window of every encoded number stands in a hash table; of the text only every
//! eighth byte begins a window that is looked up, which any run of 15 matching bytes cannot slip
//! through. A window that is found is extended to both sides byte by byte.
//!
//! A search that finds nothing proves something only if it can find. So the needles check
//! themselves with every key in every encoding, and every [`Scanner`] has a random key before it and
//! after its stream: a report is made only if both were found.

mod budget;
mod canary;
mod check;
mod encode;
mod evidence;
mod forms;
mod hits;
mod needles;
mod pattern;
mod scanner;
mod search;
mod table;

pub use budget::{Budget, Spent};
pub use check::Blind;
pub use needles::Needles;
pub use scanner::Scanner;
pub use search::search;
