//! What reads as a control API value is written so that it reads as the same value again.
#![no_main]

use std::fmt::Debug;

use keystay_proto::control::{
    Engine, Grant, GrantReport, GrantSpec, Problem, Record, ScanReport, Started,
};
use libfuzzer_sys::fuzz_target;
use serde::{Serialize, de::DeserializeOwned};

fuzz_target!(|bytes: &[u8]| {
    is_kept::<Engine>(bytes);
    is_kept::<GrantSpec>(bytes);
    is_kept::<Grant>(bytes);
    is_kept::<GrantReport>(bytes);
    is_kept::<Record>(bytes);
    is_kept::<ScanReport>(bytes);
    is_kept::<Problem>(bytes);
    is_kept::<Started>(bytes);
});

fn is_kept<T: Serialize + DeserializeOwned + PartialEq + Debug>(bytes: &[u8]) {
    if let Ok(value) = serde_json::from_slice::<T>(bytes) {
        let written = serde_json::to_vec(&value).expect("a value that was read can be written");
        let read: T = serde_json::from_slice(&written).expect("what was written can be read");
        assert_eq!(read, value);
    }
}
