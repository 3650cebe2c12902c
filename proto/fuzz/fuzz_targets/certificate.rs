//! No bytes of a certificate make its decoder fail otherwise than with an error.
#![no_main]

use keystay_proto::Certificate;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = Certificate::decode(bytes) {
        let _ = format!("{value:?}");
    }
});
