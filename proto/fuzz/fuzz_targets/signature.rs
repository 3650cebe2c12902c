//! What decodes as `Signature` encodes to the same bytes.
#![no_main]

use keystay_proto::Signature;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(value) = Signature::decode(bytes) {
        let mut out = Vec::new();
        value.encode(&mut out);
        assert_eq!(out, bytes);
        let _ = format!("{value:?}");
    }
});
