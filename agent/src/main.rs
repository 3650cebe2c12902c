//! The `keystay-agent` command.
fn main() {}
