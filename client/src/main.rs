//! The `keystay` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    keystay::main()
}
