//! The search of a stream, whatever is in it and wherever its chunks end.

use super::*;
use crate::verify::others::{encoded, putty};

#[test]
fn a_key_is_found_wherever_chunks_of_the_stream_end() {
    let key = ssh_key(&["-t", "rsa", "-b", "4096", "-m", "PEM", "-N", ""]);
    for before in [
        0,
        (128 << 10) - 3,
        (112 << 10) - 1,
        300_000,
        (128 << 10) - REACH - 7,
    ] {
        let text = [&vec![b'x'; before][..], &key, &b"y".repeat(50_000)].concat();
        for size in [7, 4_096, 1 << 20] {
            let mut search = Search::new();
            text.chunks(size).for_each(|part| search.push(part));
            let others = search.finish();
            let begins: Vec<_> = others.iter().map(|other| other.begin).collect();
            assert_eq!(begins, [u64::try_from(before).unwrap()], "{size}");
            assert!(others[0].end > others[0].begin + 3_000);
        }
    }
}

#[test]
fn a_key_ends_before_another_begins() {
    let key = ssh_key(&["-t", "ed25519", "-N", ""]);
    let begin = b"-----BEGIN OPENSSH PRIVATE KEY-----\n";
    let text = [&begin.repeat(100_000)[..], &key, begin, &key].concat();
    assert_eq!(kinds(&text), ["another private key (OpenSSH)"; 2]);
}

#[test]
fn a_text_of_nothing_but_beginnings_is_read_once() {
    let encoded = encoded::BEGIN.repeat(100);
    assert_eq!(encoded::key(&encoded), (encoded.len(), None));
    let putty = putty::BEGIN.repeat(100);
    assert_eq!(putty::key(&putty), (putty.len(), None));
    for text in [encoded, putty] {
        assert_eq!(kinds(&text), [""; 0]);
    }
}

#[test]
fn a_mark_within_a_key_is_no_other_key_wherever_chunks_end() {
    let begin = b"PuTTY-User-Key-File-3: ";
    let digits = STANDARD.encode([7; 36]);
    let rest = format!("ssh-ed25519\nEncryption: none\nPrivate-Lines: 1\n{digits}\n");
    let before = vec![b'\n'; 40_000];
    let stream = [&before[..], begin, begin, rest.as_bytes(), &before].concat();
    for cut in 1..begin.len() {
        let (first, second) = stream.split_at(before.len() + cut + REACH);
        let mut search = Search::new();
        search.push(first);
        search.push(second);
        assert_eq!(search.finish().len(), 1, "{cut}");
    }
}

#[test]
fn no_bytes_make_the_search_fail() {
    let key = ssh_key(&["-t", "ed25519", "-N", ""]);
    for at in 0..key.len() {
        let mut other = key.clone();
        other[at] ^= 0x15;
        kinds(&other);
        kinds(&key[..at]);
    }
}
