//! A Dockerfile is read, repaired and wired without loss.
#![no_main]

use keystay::fuzzing::dockerfile;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = dockerfile(bytes);
});
