//! One pass over a file, to be timed from outside: `pass ed25519|rsa|sha256 FILE` looks for a random key
//! of that kind or takes the digest, on one thread.
#![expect(clippy::expect_used, reason = "a bench that cannot work ends")]

use std::{
    env,
    fs::File,
    hint::black_box,
    io::Read as _,
    path::{Path, PathBuf},
};

use keystay_agent::scan::{Needles, Scanner};
use keystay_proto::Fingerprint;
use sha2::Digest as _;

fn main() {
    // `cargo bench` adds an option of its own.
    let mut words = env::args_os().skip(1).filter(|word| word != "--bench");
    let (Some(what), Some(file)) = (words.next(), words.next()) else {
        return;
    };
    let file = PathBuf::from(file);
    match what.to_str() {
        Some("ed25519") => search(&file, &[32, 30, 32]),
        Some("rsa") => search(&file, &[192; 6]),
        _ => hash(&file),
    }
}

fn search(file: &Path, cores: &[usize]) {
    let secrets = cores.iter().map(|length| {
        let mut secret = vec![0; *length];
        getrandom::fill(&mut secret).expect("random bytes");
        (Fingerprint::of(&secret), secret)
    });
    let needles = Needles::new(secrets).expect("random bytes");
    let mut scanner = Scanner::new(&needles).expect("random bytes");
    read(file, |chunk| scanner.push(chunk));
    let report = scanner.finish().expect("the canary is found");
    assert!(black_box(report).hits.is_empty());
}

fn hash(file: &Path) {
    let mut hash = sha2::Sha256::new();
    read(file, |chunk| hash.update(chunk));
    black_box(hash.finalize());
}

fn read(file: &Path, mut take: impl FnMut(&[u8])) {
    let mut file = File::open(file).expect("the file");
    let mut buffer = vec![0; CHUNK];
    loop {
        let length = file.read(&mut buffer).expect("its bytes");
        let (chunk, _) = buffer.split_at(length);
        if chunk.is_empty() {
            return;
        }
        take(chunk);
    }
}

/// What the client sends at once.
const CHUNK: usize = 64 << 10;
