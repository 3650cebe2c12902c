//! A private key file reads the same as its base64.
#![no_main]

use keystay_agent::fuzzing::key_file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = key_file(bytes);
});
