//! An image that holds the secret is a leak.
#![no_main]

use keystay::fuzzing::image;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = image(bytes);
});
