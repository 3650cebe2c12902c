//! What a fetch wants does not depend on the pieces that its bytes come in.
#![no_main]

use keystay_proto::{
    git::Wants,
    limits::{MAX_WANTED, MAX_WANTED_REFS},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut whole = Wants::default();
    whole.read(bytes);
    let mut pieces = Wants::default();
    for byte in bytes {
        pieces.read(std::slice::from_ref(byte));
    }
    let wanted = whole.into_wanted();
    assert_eq!(wanted, pieces.into_wanted());
    assert!(wanted.objects.len() <= MAX_WANTED && wanted.refs.len() <= MAX_WANTED_REFS);
});
