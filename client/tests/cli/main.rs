//! The `keystay` binary as a person meets it: standard output, standard error and exit status.

mod engine;
mod keystay;
mod usage;
