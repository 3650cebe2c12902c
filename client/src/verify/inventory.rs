//! What the saved image held.

use std::{ops::Range, sync::Arc};

use super::{
    clean_layers::CleanLayer,
    decode::{NotRead, Tally},
    manifest::Digest,
    paths::Paths,
    source::SourceError,
    tape::{Entry, Standing},
};

/// The members of a saved image in their order, and how the reading ended.
#[derive(Debug)]
pub(super) struct Inventory {
    pub(super) members: Vec<Member>,
    pub(super) left_out: bool,
    pub(super) bytes: u64,
    pub(super) standing: Standing,
    /// Whether there was something in it that readers of archives take differently, or not at all.
    pub(super) is_odd: bool,
    pub(super) failure: Option<SourceError>,
    /// Where the contents of members are that were not searched, in their order.
    pub(super) passed_over: Vec<Range<u64>>,
    /// What was not read of the inside of files.
    pub(super) not_read: Vec<NotRead>,
}

/// One member of a saved image.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) entry: Entry,
    pub(super) whole: bool,
    pub(super) digest: Digest,
    /// What its files decoded to, complete once all are done.
    pub(super) tally: Arc<Tally>,
    pub(super) content: Content,
}

/// What a member is, by its content.
#[derive(Debug)]
pub(super) enum Content {
    /// An archive.
    Tar {
        paths: Paths,
        /// Whether there was something in it that readers of archives take differently, or not at all.
        is_broken: bool,
    },
    /// A compressed stream.
    Inflated(Inflated),
    /// A JSON text, kept unless it is too long.
    Json(Option<Vec<u8>>),
    /// A layer that was found clean before, if it has this digest; it was not searched.
    Clean(CleanLayer),
    /// Nothing known.
    Other,
}

/// What a compressed member inflated to.
#[derive(Debug)]
pub(super) struct Inflated {
    pub(super) digest: Digest,
    pub(super) bytes: u64,
    pub(super) whole: bool,
    /// As of a plain archive.
    pub(super) is_broken: bool,
    pub(super) paths: Paths,
}

impl Inventory {
    /// How many bytes of the saved image were not searched.
    pub(super) fn bytes_passed_over(&self) -> u64 {
        let lengths = self.passed_over.iter().map(|range| {
            let end = range.end.min(self.bytes);
            end.saturating_sub(range.start)
        });
        lengths.sum()
    }

    /// Where the byte of this offset among those that were searched is in the saved image.
    pub(super) fn place(&self, searched: u64) -> u64 {
        let mut place = searched;
        for range in &self.passed_over {
            if range.start > place {
                break;
            }
            place = place.saturating_add(range.end.saturating_sub(range.start));
        }
        place
    }

    /// The number of the member that covers this offset of the saved image.
    pub(super) fn covering(&self, offset: u64) -> Option<usize> {
        let members = &self.members;
        let after = members.partition_point(|member| member.entry.begin <= offset);
        after.checked_sub(1)
    }

    /// The member of this name, if it was there to its last byte. Symbolic links are followed:
    /// Docker before 25 saves a layer that an image has twice as a link to the first.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        let mut name = name.as_bytes().to_vec();
        for _ in 0..MOST_LINKS {
            let is_it = |member: &Member| member.entry.name == name && member.whole;
            let number = self.members.iter().rposition(is_it)?;
            match self.members.get(number)?.entry.target.as_deref() {
                Some(target) => name = join(&name, target),
                None => return Some(number),
            }
        }
        None
    }
}

/// The path that a link of this name with this target leads to.
pub(super) fn join(name: &[u8], target: &[u8]) -> Vec<u8> {
    let mut parts: Vec<&[u8]> = name.split(|byte| *byte == b'/').collect();
    parts.pop();
    for part in target.split(|byte| *byte == b'/') {
        match part {
            b"" | b"." => {}
            b".." => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join(&b'/')
}

const MOST_LINKS: usize = 4;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_to_its_neighbour() {
        assert_eq!(join(b"aa/layer.tar", b"../bb/layer.tar"), b"bb/layer.tar");
        assert_eq!(join(b"aa/layer.tar", b"../../../x"), b"x");
    }
}
