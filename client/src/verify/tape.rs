//! Tar archives read as they pass: POSIX ustar and pax, GNU long names and sparse files.

mod entry;
mod extra;
mod header;
mod pax;

use tar::{EntryType, GnuHeader, Header};

use self::{
    extra::{Extra, Size, may_be_folder, short},
    header::{has_content, is_extra, is_old, is_pax, may_be_old_folder, size},
};

pub(super) use self::entry::{Entry, Sink};
pub(crate) use self::header::is_header;

/// A reader of one archive, given its bytes in chunks of any size.
pub(super) struct Tape {
    state: State,
    offset: u64,
    begin: Option<u64>,
    extra: Extra,
    /// Whether there is more than zeros behind the end mark.
    has_tail: bool,
    /// Whether there is a file whose holes are left out: what readers make of it is not what stands there.
    has_holes: bool,
}

/// How the archive stands after the bytes so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// More must come.
    Unfinished,
    /// Its end mark was there.
    Ended,
    /// There was something else where a header belongs, at this offset.
    Damaged(u64),
}

enum State {
    Header(Vec<u8>),
    SparseMap(Vec<u8>, Option<Body>),
    Body(Body),
    Done(Standing),
}

struct Body {
    kind: Kind,
    left: u64,
    padding: u64,
    ended: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Content,
    Extra(EntryType),
}

impl Tape {
    /// A reader at the start of an archive.
    pub(super) fn new() -> Self {
        Self {
            state: State::Header(Vec::new()),
            offset: 0,
            begin: None,
            extra: Extra::default(),
            has_tail: false,
            has_holes: false,
        }
    }

    /// Reads the next bytes.
    pub(super) fn push(&mut self, bytes: &[u8], sink: &mut impl Sink) {
        let mut rest = bytes;
        while !rest.is_empty() {
            let taken = self.take(rest, sink);
            self.offset += taken;
            rest = usize::try_from(taken)
                .ok()
                .and_then(|taken| rest.get(taken..))
                .unwrap_or(&[]);
            self.settle(sink);
        }
    }

    /// How the archive stands.
    pub(super) fn standing(&self) -> Standing {
        match &self.state {
            State::Done(standing) => *standing,
            _ => Standing::Unfinished,
        }
    }

    /// Whether something was there that is no archive's or that readers take otherwise, or it ends within an entry.
    pub(super) fn is_broken(&self) -> bool {
        self.has_holes || self.is_unfinished()
    }

    fn is_unfinished(&self) -> bool {
        match &self.state {
            State::Done(Standing::Damaged(_)) | State::SparseMap(..) | State::Body(_) => true,
            State::Done(_) => self.has_tail,
            State::Header(block) => !block.is_empty(),
        }
    }

    /// Takes what the present state has use for; says how many bytes that were.
    fn take(&mut self, rest: &[u8], sink: &mut impl Sink) -> u64 {
        match &mut self.state {
            State::Header(block) | State::SparseMap(block, _) => {
                let part = first(rest, BLOCK - length(block));
                block.extend_from_slice(part);
                length(part)
            }
            State::Body(body) if body.left > 0 => {
                let part = first(rest, body.left);
                body.left -= length(part);
                match body.kind {
                    Kind::Content => sink.data(part),
                    Kind::Extra(kind) => {
                        self.extra.push(kind, part);
                        if is_pax(kind) {
                            sink.attributes_data(part);
                        }
                    }
                }
                length(part)
            }
            State::Body(body) => {
                let part = first(rest, body.padding);
                body.padding -= length(part);
                length(part)
            }
            State::Done(_) => {
                self.has_tail |= rest.iter().any(|byte| *byte != 0);
                length(rest)
            }
        }
    }

    /// Goes on to the next states as long as the present one waits for nothing.
    fn settle(&mut self, sink: &mut impl Sink) {
        loop {
            let next = match &mut self.state {
                State::Header(block) if length(block) == BLOCK => {
                    let block = std::mem::take(block);
                    self.header(&block, sink)
                }
                State::SparseMap(block, body) if length(block) == BLOCK => {
                    let more = block.get(SPARSE_GOES_ON).is_some_and(|flag| *flag != 0);
                    let body = body.take();
                    if more {
                        State::SparseMap(Vec::new(), body)
                    } else {
                        State::from(body)
                    }
                }
                State::Body(body) if body.left == 0 && !body.ended => {
                    body.ended = true;
                    let kind = body.kind;
                    if self.end_of(kind, sink) {
                        continue;
                    }
                    State::Done(Standing::Damaged(self.offset))
                }
                State::Body(body) if body.left == 0 && body.padding == 0 => {
                    State::Header(Vec::new())
                }
                _ => return,
            };
            self.state = next;
        }
    }

    /// Ends what was read; says whether it made sense.
    fn end_of(&mut self, kind: Kind, sink: &mut impl Sink) -> bool {
        match kind {
            Kind::Content => {
                sink.end();
                true
            }
            Kind::Extra(kind) => {
                if is_pax(kind) {
                    sink.attributes_end();
                }
                self.extra.end(kind)
            }
        }
    }

    /// What follows this header block.
    fn header(&mut self, block: &[u8], sink: &mut impl Sink) -> State {
        if block.iter().all(|byte| *byte == 0) {
            return State::Done(Standing::Ended);
        }
        let at = self.offset.saturating_sub(BLOCK);
        let damaged = State::Done(Standing::Damaged(at));
        let header = Header::from_byte_slice(block);
        let (Some(size), true) = (size(block), is_header(block)) else {
            return damaged;
        };
        let begin = *self.begin.get_or_insert(at);
        let kind = header.entry_type();
        if is_extra(kind) {
            let body = Body::new(Kind::Extra(kind), size);
            if !self.extra.begin(kind) {
                return damaged;
            }
            if is_pax(kind) {
                sink.attributes(Entry {
                    name: short(&header.path_bytes()),
                    target: None,
                    begin,
                    data: self.offset,
                    size,
                    is_mapped: false,
                });
            }
            return State::Body(body);
        }
        self.begin = None;
        let mut extra = std::mem::take(&mut self.extra);
        let (name, target) = extra.names();
        let size = match extra.size {
            _ if !has_content(kind) => 0,
            Size::Told(size) => size,
            _ => size,
        };
        // For some readers it has content, for others none.
        let may_be_folder = match &name {
            Some(name) => is_old(header) && may_be_folder(name),
            None => may_be_old_folder(header),
        };
        if size > 0 && may_be_folder {
            return damaged;
        }
        self.has_holes |= extra.has_holes || kind.is_gnu_sparse();
        let is_extended = header.as_gnu().is_some_and(GnuHeader::is_extended);
        let is_mapped = kind.is_gnu_sparse() && is_extended;
        sink.entry(Entry {
            name: name.unwrap_or_else(|| short(&header.path_bytes())),
            target: kind.is_symlink().then(|| {
                let own = header.link_name_bytes().map(|target| short(&target));
                target.or(own).unwrap_or_default()
            }),
            begin,
            data: self.offset,
            size,
            is_mapped,
        });
        let body = Some(Body::new(Kind::Content, size));
        if is_mapped {
            State::SparseMap(Vec::new(), body)
        } else {
            State::from(body)
        }
    }
}

impl Body {
    fn new(kind: Kind, size: u64) -> Self {
        Self {
            kind,
            left: size,
            padding: size.wrapping_neg() % BLOCK,
            ended: false,
        }
    }
}

impl From<Option<Body>> for State {
    fn from(body: Option<Body>) -> Self {
        body.map_or_else(|| Self::Header(Vec::new()), Self::Body)
    }
}

/// The length of a block of an archive, in bytes.
pub(super) const BLOCK: u64 = 512;

fn first(bytes: &[u8], count: u64) -> &[u8] {
    usize::try_from(count)
        .ok()
        .and_then(|count| bytes.get(..count))
        .unwrap_or(bytes)
}

fn length(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}

/// Where an extension of a GNU sparse header says that another follows.
const SPARSE_GOES_ON: usize = 504;

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};
    use tar::Builder;

    use super::*;

    #[derive(Debug, Default, PartialEq)]
    struct Seen {
        entries: Vec<(Entry, Vec<u8>, bool)>,
    }

    impl Sink for Seen {
        fn entry(&mut self, entry: Entry) {
            self.entries.push((entry, Vec::new(), false));
        }

        fn data(&mut self, bytes: &[u8]) {
            self.entries.last_mut().unwrap().1.extend_from_slice(bytes);
        }

        fn end(&mut self) {
            self.entries.last_mut().unwrap().2 = true;
        }
    }

    #[test]
    fn entries_are_told_with_their_long_names_places_and_contents() {
        let long = format!("a/{}/key", "b".repeat(300));
        let mut archive = Builder::new(Vec::new());
        add(&mut archive, "first", b"one");
        add(&mut archive, &long, &[7; 1000]);
        archive
            .append_pax_extensions([("path", b"from/pax".as_slice())])
            .unwrap();
        add(&mut archive, "ignored", b"");
        let mut link = Header::new_gnu();
        link.set_entry_type(EntryType::Symlink);
        link.set_size(9);
        archive.append_link(&mut link, "here", "../there").unwrap();
        let archive = archive.into_inner().unwrap();
        let (seen, standing) = read(&archive, archive.len());
        let names: Vec<_> = seen
            .entries
            .iter()
            .map(|(entry, ..)| String::from_utf8_lossy(&entry.name))
            .collect();
        assert_eq!(names, ["first", &long, "from/pax", "here"]);
        assert_eq!(seen.entries[1].1, [7; 1000]);
        assert_eq!(seen.entries[1].0.begin, 1024);
        assert_eq!(seen.entries[1].0.data, 1024 + 512 + 512 + 512);
        assert_eq!(
            seen.entries[3].0.target.as_deref(),
            Some(b"../there".as_slice())
        );
        assert!(seen.entries.iter().all(|(_, _, ended)| *ended));
        assert_eq!(standing, Standing::Ended);
    }

    #[test]
    fn a_size_in_a_pax_value_or_behind_many_records_is_what_go_takes() {
        let (line, long) = ("a\n12 size=512\n", "v".repeat(100_000));
        for (records, size) in [
            (vec![("comment", line)], 3),
            (vec![("comment", "\n\n"), ("size", "1")], 1),
            (vec![("comment", long.as_str()), ("size", "512")], 512),
            (vec![("size", "512"), ("size", "")], 3),
        ] {
            let mut archive = Builder::new(Vec::new());
            let records = records.iter().map(|(key, value)| (*key, value.as_bytes()));
            archive.append_pax_extensions(records).unwrap();
            add(&mut archive, "file", b"one");
            let (seen, _) = read(&archive.into_inner().unwrap(), 1000);
            assert_eq!(seen.entries[0].0.size, size);
        }
    }

    #[test]
    fn what_readers_take_differently_is_damage() {
        let header = |kind: u8, name: &str, size| {
            let mut header = Header::new_ustar();
            header.set_path(name).unwrap();
            header.as_mut_bytes()[156] = kind;
            header.set_size(size);
            header.set_cksum();
            header
        };
        let extra = |kind, text: &str| {
            let mut block = vec![0; 512];
            block[..text.len()].copy_from_slice(text.as_bytes());
            let header = header(kind, "x", text.len().try_into().unwrap());
            [&header.as_bytes()[..], &block].concat()
        };
        let file = extra(b'0', "content");
        let size = extra(b'x', "10 size=7\n");
        let (long, global) = (extra(b'L', "name\0"), extra(b'g', "10 size=7\n"));
        let old = header(0, "d", 512).as_bytes().to_vec();
        let cut = [header(0, "d/", 7).as_bytes().to_vec(), file[512..].to_vec()].concat();
        let mut odd = header(0, "d", 512);
        let bytes = odd.as_mut_bytes();
        bytes.copy_within(0..1, 345);
        bytes[0] = 0;
        bytes[263..265].copy_from_slice(b"xx");
        odd.set_cksum();
        let with_prefix = odd.as_bytes().to_vec();
        let mut digits = Builder::new(Vec::new());
        let size_of_zeros = "0".repeat(5_000) + "7";
        (digits.append_pax_extensions([("size", size_of_zeros.as_bytes())])).unwrap();
        let long_size = digits.get_ref().clone();
        let end = vec![0; 1024];
        for parts in [
            [&size, &size, &file],
            [&long, &long, &file],
            [&size, &global, &file],
            [&long, &global, &file],
            [&extra(b'x', "11 size=7\n"), &file, &file],
            [&extra(b'x', "11 size=-7\n"), &file, &file],
            [&long_size, &file, &file],
            [&extra(b'L', "d/\0"), &extra(b'x', "10 path=d\n"), &old],
            [&extra(b'L', "\0"), &extra(b'x', "11 path=d/\n"), &old],
            [&with_prefix, &file, &file],
            [&header(0, "d/", 512).as_bytes().to_vec(), &file, &file],
        ] {
            let archive = [parts[0].as_slice(), parts[1], parts[2], &end].concat();
            let (_, standing) = read(&archive, 700);
            assert!(matches!(standing, Standing::Damaged(_)), "{parts:?}");
        }
        for parts in [
            [&global, &size, &file],
            [&long, &size, &file],
            [&extra(b'K', "target\0"), &long, &file],
            [&header(0, "d/", 0).as_bytes().to_vec(), &size, &file],
            [&long, &extra(b'x', "11 path=d/\n"), &cut],
        ] {
            let archive = [parts[0].as_slice(), parts[1], parts[2], &end].concat();
            let (seen, standing) = read(&archive, 700);
            assert_eq!(standing, Standing::Ended);
            assert_eq!(seen.entries.last().unwrap().1, b"content");
        }
    }

    #[test]
    fn a_cut_archive_is_unfinished_and_its_last_entry_has_no_end() {
        let mut archive = Builder::new(Vec::new());
        add(&mut archive, "file", &[1; 2000]);
        let archive = archive.into_inner().unwrap();
        let (seen, standing) = read(&archive[..1000], 100);
        assert!(!seen.entries[0].2);
        assert_eq!(standing, Standing::Unfinished);
    }

    #[test]
    fn what_is_no_header_is_damage() {
        let (_, standing) = read(&[b'x'; 2000], 2000);
        assert_eq!(standing, Standing::Damaged(0));
    }

    #[test]
    fn a_name_of_a_megabyte_is_cut() {
        let mut archive = Builder::new(Vec::new());
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::GNULongName);
        header.set_size(1 << 20);
        header.set_path("././@LongLink").unwrap();
        header.set_cksum();
        archive.append(&header, &vec![b'n'; 1 << 20][..]).unwrap();
        add(&mut archive, "file", b"x");
        let archive = archive.into_inner().unwrap();
        let (seen, _) = read(&archive, 4096);
        assert_eq!(seen.entries[0].0.name, [b'n'; 4096]);
    }

    proptest! {
        #[test]
        fn chunks_do_not_change_what_is_told(cut in 1..2000_usize) {
            let mut archive = Builder::new(Vec::new());
            add(&mut archive, "first", b"one");
            add(&mut archive, &"b/".repeat(200), &[7; 1000]);
            let archive = archive.into_inner().unwrap();
            prop_assert_eq!(read(&archive, cut), read(&archive, archive.len()));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in vec(any::<u8>(), 0..3000), sum in any::<bool>()) {
            let mut bytes = bytes;
            if sum && bytes.len() >= 512 {
                let mut header = Header::new_old();
                header.as_mut_bytes().copy_from_slice(&bytes[..512]);
                header.set_cksum();
                bytes[..512].copy_from_slice(header.as_bytes());
            }
            read(&bytes, 700);
        }
    }

    fn add(archive: &mut Builder<Vec<u8>>, name: &str, content: &[u8]) {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Regular);
        header.set_size(content.len().try_into().unwrap());
        archive.append_data(&mut header, name, content).unwrap();
    }

    fn read(archive: &[u8], cut: usize) -> (Seen, Standing) {
        let mut seen = Seen::default();
        let mut tape = Tape::new();
        for chunk in archive.chunks(cut) {
            tape.push(chunk, &mut seen);
        }
        (seen, tape.standing())
    }
}
