//! How fast bytes are searched for keys, against copying them and SHA-256 of them, in processor time
//! of one thread.
#![expect(clippy::expect_used, reason = "a bench that cannot work ends")]

use std::{
    fs,
    hint::black_box,
    io::{self, Write as _},
    path::PathBuf,
    time::{Duration, UNIX_EPOCH},
};

use keystay_agent::scan::{Needles, Scanner};
use keystay_proto::Fingerprint;
use rustix::time::{ClockId, clock_gettime};
use sha2::Digest as _;

#[expect(clippy::print_stdout, reason = "the table is what this program is for")]
fn main() {
    let texts = [random(SIZE), installed(SIZE), list(&random(SIZE))];
    let names = ["random bytes", "programs, libraries", "C arrays"];
    println!(
        "{:<28} {:>10}{}",
        "GB/s on one core (to SHA-256)",
        "needles",
        names.map(|name| format!("{name:>22}")).concat()
    );
    let row = |name: &str, size: &str, rates: &[f64], base: &[f64]| {
        let cells = rates.iter().zip(base);
        let cells =
            cells.map(|(rate, base)| format!("{:>22}", format!("{rate:.2} ({:.1}x)", rate / base)));
        println!("{name:<29} {size:>9}{}", cells.collect::<String>());
    };
    let each = |run: &dyn Fn(&[u8])| texts.iter().map(|text| rate(text, run)).collect::<Vec<_>>();
    let sha = each(&aws_hash);
    row("copy, as cat", "", &each(&copy), &sha);
    row("SHA-256, aws-lc-rs", "", &sha, &sha);
    row("SHA-256, sha2", "", &each(&sha2_hash), &sha);
    for (name, cores) in [
        ("search, Ed25519", ED25519.to_vec()),
        ("search, ECDSA P-256", vec![32]),
        ("search, RSA-3072", rsa(192)),
        ("search, 6 Ed25519", ED25519.repeat(6)),
        ("search, RSA-4096", rsa(256)),
        ("search, 6 RSA-4096", rsa(256).repeat(6)),
    ] {
        let needles = needles(&cores);
        let size = format!("{} KiB", needles.size() >> 10);
        row(name, &size, &each(&|text| search(&needles, text)), &sha);
    }
    for (name, cores) in [("Ed25519", ED25519.to_vec()), ("RSA-3072", rsa(192))] {
        let start = used();
        let all = needles(&cores);
        let made = used();
        assert_eq!(all.self_check(), Ok(()));
        let checked = used().saturating_sub(made);
        let made = made.saturating_sub(start);
        println!(
            "needles of a key, {name}: {made:.1?}, their check in every encoding: {checked:.1?}"
        );
    }
    let all = needles(&ED25519);
    let start = used();
    (0..1_000).for_each(|_| search(&all, &[]));
    let empty = used().saturating_sub(start) / 1_000;
    println!("a search of nothing, with its canary: {empty:.1?}");
}

fn search(needles: &Needles, text: &[u8]) {
    let mut scanner = Scanner::new(needles).expect("random bytes");
    text.chunks(CHUNK).for_each(|chunk| scanner.push(chunk));
    let report = scanner.finish().expect("the canary is found");
    assert!(black_box(report).hits.is_empty());
}

fn copy(text: &[u8]) {
    let mut buffer = vec![0; CHUNK];
    for chunk in text.chunks(CHUNK) {
        let (part, _) = buffer.split_at_mut(chunk.len());
        part.copy_from_slice(chunk);
        black_box(&part);
    }
    io::sink().write_all(&buffer).expect("a sink takes all");
}

fn aws_hash(text: &[u8]) {
    let mut hash = aws_lc_rs::digest::Context::new(&aws_lc_rs::digest::SHA256);
    text.chunks(CHUNK).for_each(|chunk| hash.update(chunk));
    black_box(hash.finish());
}

fn sha2_hash(text: &[u8]) {
    let mut hash = sha2::Sha256::new();
    text.chunks(CHUNK).for_each(|chunk| hash.update(chunk));
    black_box(hash.finalize());
}

/// The best of several runs, in GB/s.
fn rate(text: &[u8], run: &dyn Fn(&[u8])) -> f64 {
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
    let cores = cores.iter().map(|length| {
        let (core, later) = rest.split_at(*length);
        rest = later;
        (Fingerprint::of(core), core)
    });
    Needles::new(cores).expect("random bytes")
}

/// The lengths of what is looked for of an RSA key with primes of this length: `p`, `q`, `dP`, `dQ`,
/// `qInv` and half of `d`.
fn rsa(prime: usize) -> Vec<usize> {
    vec![prime; 6]
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

/// Bytes as a C source lists them: the text that has most windows in common with the needles.
fn list(bytes: &[u8]) -> Vec<u8> {
    let digit = |value: u8| b"0123456789abcdef".get(usize::from(value)).copied();
    let mut text = Vec::with_capacity(bytes.len());
    for byte in bytes.iter().take(bytes.len() / 6) {
        text.extend(b"0x");
        text.extend(digit(byte >> 4));
        text.extend(digit(byte & 15));
        text.extend(b", ");
    }
    text
}

/// A seed, and the two halves of what it expands to.
const ED25519: [usize; 3] = [32, 30, 32];
const SIZE: usize = 256 << 20;
const CHUNK: usize = 64 << 10;
const RUNS: usize = 3;
