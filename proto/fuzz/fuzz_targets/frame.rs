//! Every byte of a buffer is in exactly one of its frames, or in what is left for more to come.
#![no_main]

use keystay_proto::frame;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut out = Vec::new();
    let mut left = bytes;
    while let Ok(Some((body, rest))) = frame::split(left) {
        frame::join(body, &mut out).expect("what was split can be joined");
        left = rest;
    }
    out.extend_from_slice(left);
    assert_eq!(out, bytes);
});
