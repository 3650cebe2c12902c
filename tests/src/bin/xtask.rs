//! The project's commands: `cargo xtask help`.

use std::process::ExitCode;

fn main() -> ExitCode {
    keystay_tests::xtask::main()
}
