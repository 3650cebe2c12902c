//! How fast bytes are searched for keys, against SHA-256 of the same bytes, in processor time of one
//! thread.

use std::{
    fs,
    hint::black_box,
    path::PathBuf,
    time::{Duration, UNIX_EPOCH},
};

use keystay_agent::scan::{Needles, Scanner};
use keystay_proto::Fingerprint;
use rustix::time::{ClockId, clock_gettime};
use sha2::{Digest as _, Sha256};

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn main() {
    let texts = [
        ("random bytes", random(SIZE)),
        ("programs and libraries", installed(SIZE)),
    ];
    let searches = [
        ("search, 1 Ed25519 key", needles(&[32])),
        (
            "search, 1 RSA-3072 key",
            needles(&[192, 192, 384, 192, 192, 192]),
        ),
        ("search, 12 Ed25519 keys", needles(&[32; 12])),
        (
            "search, 4 RSA-4096 keys",
            needles(&[256, 256, 512, 256, 256, 256].repeat(4)),
        ),
    ];
    let row = |name: &str, table: &str, cells: Vec<String>| {
        println!("{name:<26} {table:>9} {:>24}", cells.join("  ").as_str());
    };
    row(
        "GB/s on one core",
        "table",
        texts
            .iter()
            .map(|(name, _)| format!("{name:>24}"))
            .collect(),
    );
    let sha: Vec<_> = texts.iter().map(|(_, text)| rate(text, hash)).collect();
    row(
        "SHA-256",
        "",
        sha.iter().map(|rate| format!("{rate:>24.2}")).collect(),
    );
    for (name, needles) in searches {
        let cells = texts.iter().zip(&sha).map(|((_, text), sha)| {
            let rate = rate(text, |text| search(&needles, text));
            format!("{:>24}", format!("{rate:.2} ({:.1}x)", rate / sha))
        });
        row(
            name,
            &format!("{} KiB", needles.size() >> 10),
            cells.collect(),
        );
    }
    let all = needles(&[192, 192, 384, 192, 192, 192]);
    let start = used();
    assert_eq!(all.self_check(), Ok(()));
    println!(
        "the check that a search finds an RSA-3072 key: {:?}",
        used().saturating_sub(start)
    );
}

fn search(needles: &Needles, text: &[u8]) {
    let mut scanner = Scanner::new(needles);
    text.chunks(CHUNK).for_each(|chunk| scanner.push(chunk));
    assert!(black_box(scanner.finish()).hits.is_empty());
}

fn hash(text: &[u8]) {
    let mut hash = Sha256::new();
    text.chunks(CHUNK).for_each(|chunk| hash.update(chunk));
    black_box(hash.finalize());
}

/// The best of several runs, in GB/s.
fn rate(text: &[u8], run: impl Fn(&[u8])) -> f64 {
    let best = (0..RUNS).map(|_| {
        let start = used();
        run(text);
        used().saturating_sub(start)
    });
    let best = best.min().unwrap_or(Duration::MAX);
    f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX)) / best.as_secs_f64() / 1e9
}

/// The processor time this thread has used.
fn used() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::try_from(time).unwrap_or_default()
}

fn needles(cores: &[usize]) -> Needles {
    let bytes = random(cores.iter().sum());
    let mut rest = &bytes[..];
    Needles::new(cores.iter().map(|length| {
        let (core, later) = rest.split_at(*length);
        rest = later;
        (Fingerprint::of(core), core)
    }))
}

/// Pseudo-random bytes, other ones at each call.
fn random(length: usize) -> Vec<u8> {
    let seed = UNIX_EPOCH
        .elapsed()
        .map_or(0, |time| u64::from(time.subsec_nanos()));
    let mut state = (seed << 20) ^ 0x9e37_79b9_7f4a_7c15;
    let words = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    });
    words.flat_map(u64::to_le_bytes).take(length).collect()
}

/// Bytes of the machine's own libraries, one file after the other.
fn installed(length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length);
    let mut folders = vec![PathBuf::from("/usr/lib"), PathBuf::from("/usr/share/doc")];
    while let Some(folder) = folders.pop()
        && bytes.len() < length
    {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.file_type() {
                Ok(kind) if kind.is_dir() => folders.push(entry.path()),
                Ok(kind) if kind.is_file() && bytes.len() < length => {
                    bytes.extend(fs::read(entry.path()).unwrap_or_default());
                }
                _ => {}
            }
        }
    }
    bytes.truncate(length);
    bytes
}

const SIZE: usize = 256 << 20;
const CHUNK: usize = 64 << 10;
const RUNS: usize = 5;
