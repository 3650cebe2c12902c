//! `keystay agent --check`.

use std::{
    io::{self, Write as _},
    process::ExitCode,
};

use crate::harden;

/// Says which protections an agent has on this machine, a line each; 0 when it has all.
pub(crate) fn tell() -> ExitCode {
    let protections = match harden::check() {
        Ok(protections) => protections,
        Err(error) => {
            // Nobody may be there to read it.
            let _ = writeln!(
                io::stderr(),
                "keystay: error: the process cannot be protected: {error}"
            );
            return ExitCode::from(UNAVAILABLE);
        }
    };
    let mut out = io::stdout().lock();
    let mut all_hold = true;
    for protection in &protections {
        all_hold &= protection.holds();
        if writeln!(out, "{protection}").is_err() {
            return ExitCode::from(UNAVAILABLE);
        }
    }
    if all_hold {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(UNAVAILABLE)
    }
}

/// `EX_UNAVAILABLE` of sysexits(3).
const UNAVAILABLE: u8 = 69;
