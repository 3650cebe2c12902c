//! The way to any place of a JSON text leads to a value.
#![no_main]

use keystay::fuzzing::json_path;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = json_path(bytes);
});
