//! A command that is read goes to a host as one that reads the same.
#![no_main]

use keystay_proto::git::Command;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(command) = Command::parse(bytes) {
        let line = command.to_shell();
        assert_eq!(Command::parse(line.as_bytes()), Ok(command));
    }
});
