//! Archives that hold themselves.

use std::{
    collections::HashSet,
    io::{BufRead as _, Read as _},
};

use super::{
    finder::Finder,
    kind::{Sign, recognise},
    opener::{open, trial},
};

/// Whether everything that a file holds, however deep, is held at most `depth` streams deep too:
/// deeper down is only what was seen before.
pub(super) fn closes(finder: &Finder, file: &[u8], depth: usize) -> bool {
    let mut seen = HashSet::from([file.to_vec()]);
    let mut open = vec![file.to_vec()];
    for _ in 0..=depth {
        let mut next = Vec::new();
        for stream in open {
            let Some(inner) = streams(finder, &stream) else {
                return false;
            };
            for stream in inner {
                if seen.len() >= MOST {
                    return false;
                }
                if seen.insert(stream.clone()) {
                    next.push(stream);
                }
            }
        }
        if next.is_empty() {
            return true;
        }
        open = next;
    }
    false
}

/// What the streams in these bytes decode to, unless one is long or broken.
fn streams(finder: &Finder, bytes: &[u8]) -> Option<Vec<Vec<u8>>> {
    let mut streams = Vec::new();
    let (mut rest, mut places) = (bytes, finder.at());
    loop {
        let offset = bytes.len().saturating_sub(rest.len());
        let Some(ahead) = places.next(u64::try_from(offset).unwrap_or(0), rest) else {
            return Some(streams);
        };
        rest.consume(ahead);
        let mut passed = 1;
        match recognise(rest, false) {
            Sign::Stream(kind) if trial(&kind, rest).is_proven => {
                let mut stream = Vec::new();
                let mut decoder = open(&kind, &mut rest).ok()?.take(LONGEST);
                decoder.read_to_end(&mut stream).ok()?;
                if decoder.limit() == 0 {
                    return None;
                }
                streams.push(stream);
                passed = 0;
            }
            Sign::Plain(entry) => passed = entry.header,
            Sign::Unread(..) => return None,
            _ => {}
        }
        rest.consume(passed);
    }
}

const LONGEST: u64 = 1 << 20;
/// How many different streams are looked at.
const MOST: usize = 16;
