//! All of a file is searched when it is compressed.
#![no_main]

use keystay::fuzzing::file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = file(bytes);
});
