//! The client under a name of its own, so that cargo builds it before the end-to-end tests run.

use std::process::ExitCode;

fn main() -> ExitCode {
    keystay::main()
}
