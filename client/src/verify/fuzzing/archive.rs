//! What holds for any bytes as a tar archive.

use tar::Header;

use crate::verify::tape::{BLOCK, Entry, Sink, Standing, Tape};

/// In chunks of any size, an archive tells the same; and what it tells lies in it in order. The first byte says
/// how long the chunks are. What looks like a header is given the right sum.
///
/// # Panics
///
/// Where that does not hold.
#[must_use]
pub fn archive(bytes: &[u8]) -> bool {
    let Some((cut, rest)) = bytes.split_first() else {
        return false;
    };
    let mut archive = rest.to_vec();
    for block in archive.chunks_exact_mut(Header::new_old().as_bytes().len()) {
        sum(block);
    }
    let (told, standing) = read(&archive, archive.len().max(1));
    assert_eq!(
        read(&archive, usize::from(*cut) + 1),
        (told.clone(), standing)
    );
    let mut end = 0;
    for (entry, content, is_whole) in &told {
        assert!(end <= entry.begin && entry.begin + BLOCK <= entry.data);
        let length = u64::try_from(content.len()).unwrap_or(u64::MAX);
        // The map of one that has nothing else may be missing.
        let may_be_whole = length == entry.size;
        assert!(may_be_whole || !is_whole);
        assert!(!may_be_whole || *is_whole || entry.is_mapped);
        end = entry.data.saturating_add(length);
    }
    !told.is_empty()
}

/// Gives a block its sum if it may be a header.
fn sum(block: &mut [u8]) {
    let is_magic = block.get(257..262) == Some(b"ustar");
    let mut header = Header::new_old();
    if is_magic && header.as_bytes().len() == block.len() {
        header.as_mut_bytes().copy_from_slice(block);
        header.set_cksum();
        block.copy_from_slice(header.as_bytes());
    }
}

type Told = Vec<(Entry, Vec<u8>, bool)>;

fn read(archive: &[u8], cut: usize) -> (Told, Standing) {
    let (mut told, mut tape) = (Teller::default(), Tape::new());
    for chunk in archive.chunks(cut) {
        tape.push(chunk, &mut told);
    }
    (told.0, tape.standing())
}

#[derive(Default)]
struct Teller(Told);

impl Sink for Teller {
    fn entry(&mut self, entry: Entry) {
        self.0.push((entry, Vec::new(), false));
    }

    fn data(&mut self, bytes: &[u8]) {
        if let Some((_, content, _)) = self.0.last_mut() {
            content.extend_from_slice(bytes);
        }
    }

    fn end(&mut self) {
        if let Some((.., is_whole)) = self.0.last_mut() {
            *is_whole = true;
        }
    }
}
