//! Other people's keys are found wherever chunks of a stream end.
#![no_main]

use keystay::fuzzing::others;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = others(bytes);
});
