//! The agent as a program of its own; `keystay agent` is the same.

use std::process::ExitCode;

fn main() -> ExitCode {
    keystay_agent::main(std::env::args_os())
}
