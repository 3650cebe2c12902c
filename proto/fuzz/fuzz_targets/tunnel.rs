//! What decodes as a frame of the tunnel, or as its reply, encodes to the same bytes.
#![no_main]

use keystay_proto::tunnel::{Reply, Request, key_blob, stream_of};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(request) = Request::decode(bytes) {
        let mut out = Vec::new();
        request.encode(&mut out);
        assert_eq!(out, bytes);
        let _ = format!("{request:?}");
    }
    if let Ok(reply) = Reply::decode(bytes) {
        let mut out = Vec::new();
        reply.encode(&mut out);
        assert_eq!(out, bytes);
        let _ = format!("{reply:?}");
    }
    if let Some(id) = stream_of(bytes) {
        assert_eq!(key_blob(id), bytes);
    }
});
