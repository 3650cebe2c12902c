//! A line of known hosts that is read is written as one that reads the same.
#![no_main]

use keystay_agent::fuzzing::known_hosts;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = known_hosts(bytes);
});
