//! Blanks around a line of `ssh_config` change nothing.
#![no_main]

use keystay_agent::fuzzing::ssh_config;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = ssh_config(bytes);
});
