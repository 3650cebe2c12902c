//! What fuzzing begins with: seeds that get past a decoder's first bytes.

#![allow(
    clippy::panic,
    clippy::unwrap_used,
    reason = "a panic in a test is how it fails"
)]

use std::{
    fs,
    path::{Path, PathBuf},
};

use keystay_proto::{
    Certificate, Signature,
    agent::{AddIdentity, SessionBind},
    tunnel::{Reply, Request, stream_of},
};

#[test]
fn every_fuzz_target_has_seeds() {
    let targets = files("fuzz/fuzz_targets");
    assert!(targets.len() >= 13, "{targets:?}");
    for target in targets {
        let name = target.file_stem().unwrap().to_str().unwrap();
        let places = ["fuzz/seeds", "tests/vectors"].map(|folder| format!("{folder}/{name}"));
        let seeds: usize = places.iter().map(|folder| files(folder).len()).sum();
        assert!(seeds >= 2, "{name} has {seeds} seeds");
    }
}

#[test]
fn seeds_decode() {
    each("add", |seed| AddIdentity::decode_constrained(seed).is_ok());
    each("certificate", |seed| Certificate::decode(seed).is_ok());
    each("session_bind", |seed| SessionBind::decode(seed).is_ok());
    each("signature", |seed| Signature::decode(seed).is_ok());
    each("tunnel", |seed| {
        Request::decode(seed).is_ok() || Reply::decode(seed).is_ok() || stream_of(seed).is_some()
    });
}

fn each(target: &str, decodes: impl Fn(&[u8]) -> bool) {
    for seed in files(&format!("fuzz/seeds/{target}")) {
        assert!(decodes(&fs::read(&seed).unwrap()), "{}", seed.display());
    }
}

/// The files of a folder of this crate; none where there is no such folder.
fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = fs::read_dir(folder).into_iter().flatten();
    entries.map(|entry| entry.unwrap().path()).collect()
}
