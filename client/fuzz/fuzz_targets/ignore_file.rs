//! Nothing is kept below a folder where nothing can be.
#![no_main]

use keystay::fuzzing::ignore_file;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = ignore_file(bytes);
});
