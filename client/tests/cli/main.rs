//! The `keystay` binary as a person meets it: standard output, standard error and exit status.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a panic in a test is how it fails"
)]

mod dry_run;
mod engine;
mod fetch;
mod keystay;
mod lint;
mod running;
mod usage;
