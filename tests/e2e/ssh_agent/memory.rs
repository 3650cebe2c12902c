//! What a key that was added and removed leaves in the agent's memory.

use std::{
    fs::{self, File},
    io::Write as _,
    os::unix::fs::FileExt as _,
    thread::sleep,
    time::Duration,
};

use super::agent::{Agent, captured};

/// The message comes in two pieces and behind others, so that buffers grow and move in its middle.
#[test]
fn a_key_that_was_removed_has_left_no_copy() {
    let agent = Agent::ours();
    let added = captured("add");
    let seed = seed(&added);
    let added = framed(&added);
    let mut connections = Vec::new();
    for before in (0..40).map(|count| count * 83) {
        let mut raw = agent.connect();
        let (first, rest) = added.split_at(added.len() - 40);
        raw.0
            .write_all(&[&framed(&[99]).repeat(before), first].concat())
            .unwrap();
        for _ in 0..before {
            assert_eq!(raw.receive(), [5]);
        }
        sleep(Duration::from_millis(2));
        raw.0.write_all(rest).unwrap();
        assert_eq!(raw.receive(), [6]);
        connections.push(raw);
    }
    assert!(
        copies(agent.child.id(), &seed) > 0,
        "the search finds nothing"
    );
    assert_eq!(connections[0].ask(&[19]), [6]);
    assert_eq!(copies(agent.child.id(), &seed), 0);
}

fn framed(body: &[u8]) -> Vec<u8> {
    [&u32::try_from(body.len()).unwrap().to_be_bytes(), body].concat()
}

/// The secret half of an ed25519 key in a message that adds it (RFC 9987 §3.2.3): it stands before
/// the second copy of the public one.
fn seed(added: &[u8]) -> Vec<u8> {
    let public = &added[20..][..32];
    let second = added.windows(32).rposition(|part| part == public).unwrap();
    added[second - 32..second].to_vec()
}

/// How often these bytes stand in what the process may write to.
fn copies(process: u32, needle: &[u8]) -> usize {
    let maps = fs::read_to_string(format!("/proc/{process}/maps")).unwrap();
    let memory = File::open(format!("/proc/{process}/mem")).expect("be root to read its memory");
    let mut found = 0;
    for line in maps.lines() {
        let (range, rest) = line.split_once(' ').unwrap();
        if !rest.starts_with("rw") {
            continue;
        }
        let (from, until) = range.split_once('-').unwrap();
        let [from, until] = [from, until].map(|it| u64::from_str_radix(it, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(until - from).unwrap()];
        if memory.read_exact_at(&mut bytes, from).is_ok() {
            let copies = bytes.windows(needle.len()).filter(|part| *part == needle);
            found += copies.count();
        }
    }
    found
}
