//! A tar archive tells the same in chunks of any size.
#![no_main]

use keystay::fuzzing::archive;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = archive(bytes);
});
