//! How often a private key is in memory once it is loaded.

use std::{
    env,
    fs::{self, File},
    hint::black_box,
    io::{BufRead as _, BufReader, Read as _},
    ops::Range,
    os::unix::fs::FileExt as _,
    process::{Child, Command, Stdio},
};

use crate::support::{Answers, Folder, environment, load};

#[test]
fn a_loaded_key_is_in_memory_only_where_it_is_used() {
    for (options, passphrase) in [
        ("-t ed25519", ""),
        ("-t ed25519 -a 1", PASSPHRASE),
        ("-t ecdsa -b 256", ""),
        ("-t ecdsa -b 521 -m PEM", PASSPHRASE),
        ("-t ecdsa -b 384 -m PKCS8", PASSPHRASE),
        ("-t rsa -b 2048", ""),
        ("-t rsa -b 2048 -m PEM", ""),
        ("-t rsa -b 2048 -m PKCS8", PASSPHRASE),
    ] {
        let folder = Folder::new();
        let path = folder.locked_key("key", options, passphrase);
        let key = load(
            &format!("file:{}", path.display()),
            &environment(&[]),
            &mut Answers::new(&[PASSPHRASE]),
        )
        .unwrap();
        let mut child = loading_process(path.to_str().unwrap());
        let memory = memory_of(&child);
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success());
        for core in key.cores() {
            let bytes = core.bytes.bytes().to_vec();
            let swapped: Vec<u8> = bytes.iter().rev().copied().collect();
            // The core itself, and the number in the library's key pair, which is little-endian
            // for all but Ed25519.
            let copies = count(&memory, &bytes) + count(&memory, &swapped);
            assert_eq!(copies, 2, "{options}: copies of {}", core.name);
        }
        assert_eq!(
            count(&memory, PASSPHRASE.as_bytes()),
            0,
            "{options}: copies of the passphrase"
        );
        let text = fs::read(&path).unwrap();
        for line in text
            .split(|byte| *byte == b'\n')
            .filter(|line| line.len() == 70)
        {
            assert_eq!(
                count(&memory, &line[..32]),
                0,
                "{options}: the file's text is in memory"
            );
        }
    }
}

#[test]
fn loading_a_key_wipes_the_stack_below_it() {
    let folder = Folder::new();
    let path = folder.key("key", "-t ed25519");
    for (path, left) in [(path.to_str().unwrap(), 0), ("", 1)] {
        let mut child = loading_process(path);
        let memory = memory_of(&child);
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success());
        assert_eq!(count(&memory, &trace()), left, "{path}");
    }
}

/// The process that the tests above look into; without its variable it does nothing.
#[test]
fn the_process_that_loads_a_key() {
    let Ok(path) = env::var("KEYSTAY_TEST_LOAD") else {
        return;
    };
    leave_trace();
    let load = || {
        load(
            &format!("file:{path}"),
            &environment(&[]),
            &mut Answers::new(&[PASSPHRASE]),
        )
    };
    let key = (!path.is_empty()).then(load);
    println!("loaded {}", key.as_ref().is_none_or(Result::is_ok));
    let mut rest = String::new();
    std::io::stdin().read_to_string(&mut rest).unwrap();
    drop(key);
}

/// Leaves [`trace`] deep in the stack, where no other call comes.
#[inline(never)]
fn leave_trace() {
    let mut block = [0_u8; 160 * 1024];
    for (byte, number) in block[512..].iter_mut().zip(TRACE) {
        *byte = number.wrapping_mul(3);
    }
    black_box(&block);
}

fn trace() -> Vec<u8> {
    TRACE.map(|number| number.wrapping_mul(3)).collect()
}

fn loading_process(path: &str) -> Child {
    let mut child = Command::new(env::current_exe().unwrap())
        .args([
            "--exact",
            "memory::the_process_that_loads_a_key",
            "--nocapture",
        ])
        .env("KEYSTAY_TEST_LOAD", path)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.as_mut().unwrap());
    let line = output
        .lines()
        .map(Result::unwrap)
        .find(|line| line.contains("loaded"));
    assert!(line.unwrap().ends_with("loaded true"));
    child
}

/// All writable memory of a process.
fn memory_of(child: &Child) -> Vec<u8> {
    let folder = format!("/proc/{}", child.id());
    let memory = File::open(format!("{folder}/mem")).unwrap();
    let mut all = Vec::new();
    for line in fs::read_to_string(format!("{folder}/maps"))
        .unwrap()
        .lines()
    {
        let mut words = line.split(' ');
        let (start, end) = words.next().unwrap().split_once('-').unwrap();
        if words.next().unwrap().starts_with("rw") {
            let address = |text| u64::from_str_radix(text, 16).unwrap();
            let len = usize::try_from(address(end) - address(start)).unwrap();
            let mut part = vec![0; len];
            memory.read_exact_at(&mut part, address(start)).unwrap();
            all.extend_from_slice(&part);
        }
    }
    all
}

fn count(memory: &[u8], needle: &[u8]) -> usize {
    memory
        .windows(needle.len())
        .filter(|window| *window == needle)
        .count()
}

const TRACE: Range<u8> = 101..133;
const PASSPHRASE: &str = "correct horse battery staple";
