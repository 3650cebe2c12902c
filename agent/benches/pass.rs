//! One pass over a file on one thread: `pass ed25519|rsa|sha256 FILE` looks for a random key of that kind
//! or takes the digest. It prints the nanoseconds of processor time that this took without the reading.
#![expect(clippy::expect_used, reason = "a bench that cannot work ends")]

use std::{
    env,
    fs::File,
    hint::black_box,
    io::Read as _,
    path::{Path, PathBuf},
    time::Duration,
};

use keystay_agent::scan::{Needles, Scanner};
use keystay_proto::Fingerprint;
use rustix::time::{ClockId, clock_gettime};
use sha2::Digest as _;

#[expect(
    clippy::print_stdout,
    reason = "the number is what this program is for"
)]
fn main() {
    // `cargo bench` adds an option of its own.
    let mut words = env::args_os().skip(1).filter(|word| word != "--bench");
    let (Some(what), Some(file)) = (words.next(), words.next()) else {
        return;
    };
    let file = PathBuf::from(file);
    let took = match what.to_str() {
        Some("ed25519") => search(&file, &[32, 30, 32]),
        Some("rsa") => search(&file, &[192; 6]),
        _ => hash(&file),
    };
    println!("{}", took.as_nanos());
}

fn search(file: &Path, cores: &[usize]) -> Duration {
    let secrets = cores.iter().map(|length| {
        let mut secret = vec![0; *length];
        getrandom::fill(&mut secret).expect("random bytes");
        (Fingerprint::of(&secret), secret)
    });
    let needles = Needles::new(secrets).expect("random bytes");
    let mut scanner = Scanner::new(&needles).expect("random bytes");
    let took = pass(file, |chunk| scanner.push(chunk));
    let report = scanner.finish().expect("the canary is found");
    assert!(black_box(report).hits.is_empty());
    took
}

fn hash(file: &Path) -> Duration {
    let mut hash = sha2::Sha256::new();
    let took = pass(file, |chunk| hash.update(chunk));
    black_box(hash.finalize());
    took
}

/// Hands a file over in chunks; what the handing over took.
fn pass(file: &Path, mut take: impl FnMut(&[u8])) -> Duration {
    let mut file = File::open(file).expect("the file");
    let (mut buffer, mut took) = (vec![0; CHUNK], Duration::ZERO);
    loop {
        let length = file.read(&mut buffer).expect("its bytes");
        let (chunk, _) = buffer.split_at(length);
        if chunk.is_empty() {
            return took;
        }
        let before = used();
        take(chunk);
        took += used().saturating_sub(before);
    }
}

/// The processor time this thread has used.
fn used() -> Duration {
    Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap_or_default()
}

/// What the client sends at once.
const CHUNK: usize = 64 << 10;
