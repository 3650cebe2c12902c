//! What a fetch asks for, read from the pkt-lines that go up (gitprotocol-common(5)).

use crate::{
    limits::{MAX_REF, MAX_WANTED, MAX_WANTED_REFS},
    printable,
};

/// Collects what a fetch wants, of protocol version 0, 1 or 2, while its bytes pass in pieces of any
/// size: objects, and refs (`want-ref`, gitprotocol-v2(5)).
///
/// It never fails a fetch: from the first byte that is no pkt-line on, it reads nothing more. It
/// keeps [`MAX_WANTED`] objects and [`MAX_WANTED_REFS`] refs, each once, and a line's first bytes. The
/// others are counted.
#[derive(Clone, Debug, Default)]
pub struct Wants {
    objects: Vec<String>,
    refs: Vec<Vec<u8>>,
    others: u64,
    state: State,
    /// The length digits, or the first bytes of the line.
    held: Vec<u8>,
}

/// What a fetch wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Objects, in hexadecimal digits.
    pub objects: Vec<String>,
    /// Names of refs, made printable.
    pub refs: Vec<String>,
    /// How many wants are not among them. Git says what it wants again in each round of a fetch, and each time
    /// counts.
    pub others: u64,
}

#[derive(Clone, Copy, Debug, Default)]
enum State {
    /// Reading the four digits of a length.
    #[default]
    Length,
    /// Reading a line of which this many bytes are missing.
    Line(usize),
    /// What came is not pkt-lines.
    Lost,
}

impl Wants {
    /// Reads what goes up next.
    pub fn read(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = match self.state {
                State::Length => self.read_length(bytes),
                State::Line(missing) => self.read_line(bytes, missing),
                State::Lost => return,
            };
        }
    }

    /// What was wanted so far.
    #[must_use]
    pub fn into_wanted(self) -> Wanted {
        Wanted {
            objects: self.objects,
            refs: self.refs.iter().map(printable).collect(),
            others: self.others,
        }
    }

    fn read_length<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let missing = LENGTH_DIGITS.saturating_sub(self.held.len());
        let (digits, rest) = bytes.split_at(missing.min(bytes.len()));
        self.held.extend_from_slice(digits);
        if self.held.len() == LENGTH_DIGITS {
            self.state = after_length(&self.held);
            self.held.clear();
        }
        rest
    }

    fn read_line<'a>(&mut self, bytes: &'a [u8], missing: usize) -> &'a [u8] {
        let (piece, rest) = bytes.split_at(missing.min(bytes.len()));
        let room = KEPT.saturating_sub(self.held.len()).min(piece.len());
        self.held
            .extend_from_slice(piece.get(..room).unwrap_or_default());
        self.state = match missing.saturating_sub(piece.len()) {
            0 => State::Length,
            missing => State::Line(missing),
        };
        if matches!(self.state, State::Length) {
            self.note();
            self.held.clear();
        }
        rest
    }

    /// Takes what a whole line wants.
    fn note(&mut self) {
        let is_kept = if let Some(name) = wanted_ref(&self.held) {
            name.len() <= MAX_REF && keep(&mut self.refs, name.to_vec(), MAX_WANTED_REFS)
        } else if let Some(object) = wanted_object(&self.held) {
            keep(&mut self.objects, object, MAX_WANTED)
        } else {
            true
        };
        if !is_kept {
            self.others = self.others.saturating_add(1);
        }
    }
}

/// Keeps what is new while there is room; whether it is kept.
fn keep<T: PartialEq>(kept: &mut Vec<T>, new: T, most: usize) -> bool {
    if kept.contains(&new) {
        return true;
    }
    let has_room = kept.len() < most;
    if has_room {
        kept.push(new);
    }
    has_room
}

/// What follows a length: a line, or the next length after one of the special packets.
fn after_length(digits: &[u8]) -> State {
    let length = str::from_utf8(digits)
        .ok()
        .filter(|text| text.bytes().all(|byte| byte.is_ascii_hexdigit()))
        .and_then(|text| usize::from_str_radix(text, 16).ok());
    match length {
        Some(FLUSH | DELIMITER | RESPONSE_END | EMPTY) => State::Length,
        // Nothing but the first bytes is kept, so any length will do: git takes some above its own limit.
        Some(length @ EMPTY..) => State::Line(length.saturating_sub(LENGTH_DIGITS)),
        _ => State::Lost,
    }
}

/// The ref of `want-ref REF`; git drops one line feed behind it.
fn wanted_ref(line: &[u8]) -> Option<&[u8]> {
    let name = line.strip_prefix(WANT_REF)?;
    Some(name.strip_suffix(b"\n").unwrap_or(name))
}

/// The object of `want OBJECT`. Git reads as many digits as a name has, of either case, and looks at
/// nothing behind them (`parse_oid_hex`).
fn wanted_object(line: &[u8]) -> Option<String> {
    let rest = line.strip_prefix(b"want ")?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_hexdigit());
    let length = match digits.count() {
        ..SHA1 => return None,
        SHA1..SHA256 => SHA1,
        _ => SHA256,
    };
    let object = str::from_utf8(rest.get(..length)?).ok()?;
    Some(object.to_ascii_lowercase())
}

const LENGTH_DIGITS: usize = 4;
const FLUSH: usize = 0;
const DELIMITER: usize = 1;
const RESPONSE_END: usize = 2;
/// The length of a line without content.
const EMPTY: usize = 4;
/// The digits of an object's name.
const SHA1: usize = 40;
const SHA256: usize = 64;
const WANT_REF: &[u8] = b"want-ref ";
/// The longest ref that is noted, and two bytes by which a longer one is told from one with a line feed.
const KEPT: usize = WANT_REF.len() + MAX_REF + 2;

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn line(text: &str) -> String {
        format!("{:04x}{text}", text.len() + LENGTH_DIGITS)
    }

    fn all(text: &str) -> Wanted {
        let mut wants = Wants::default();
        wants.read(text.as_bytes());
        wants.into_wanted()
    }

    fn wanted(text: &str) -> Vec<String> {
        all(text).objects
    }

    fn object(digit: char) -> String {
        digit.to_string().repeat(SHA1)
    }

    #[test]
    fn the_wants_of_version_0_are_collected() {
        let (a, b) = (object('a'), object('b'));
        let text = [
            line(&format!(
                "want {a} multi_ack_detailed side-band-64k agent=git/2.47\n"
            )),
            line(&format!("want {b}\n")),
            "0000".to_owned(),
            line(&format!("have {}\n", object('c'))),
            line("done\n"),
        ];
        assert_eq!(wanted(&text.concat()), [a, b]);
    }

    #[test]
    fn the_wants_of_version_2_are_collected_once() {
        let sha256 = "d".repeat(SHA256);
        let list = [
            line("command=ls-refs\n"),
            "0001".into(),
            line("ref-prefix want \n"),
            "0000".into(),
        ];
        let fetch = [
            line("command=fetch"),
            line("agent=git/2.47"),
            "0001".to_owned(),
            line("want-ref refs/heads/main\n"),
            line(&format!("want {sha256}\n")),
            line(&format!("want {}", object('e'))),
            "0000".to_owned(),
        ];
        let text = [list.concat(), fetch.concat(), fetch.concat()].concat();
        assert_eq!(
            all(&text),
            Wanted {
                objects: vec![sha256, object('e')],
                refs: vec!["refs/heads/main".to_owned()],
                others: 0,
            }
        );
    }

    #[test]
    fn refs_are_kept_printable_and_each_once() {
        let names = ["a\x1b[31m", "HEAD", "HEAD\n", "HEAD\n\n", ""];
        let lines = names.map(|name| line(&format!("want-ref {name}")));
        let refs = ["a\\u{1b}[31m", "HEAD", "HEAD\\n", ""];
        assert_eq!(all(&lines.concat()).refs, refs);
    }

    #[test]
    fn of_refs_that_are_too_long_or_too_many_the_number_is_told() {
        let (longest, longer) = ("x".repeat(MAX_REF), "x".repeat(MAX_REF + 1));
        for end in ["", "\n"] {
            let text = [&longest, &longer].map(|name| line(&format!("want-ref {name}{end}")));
            let told = all(&text.concat());
            assert_eq!((told.refs, told.others), (vec![longest.clone()], 1));
        }
        let lines = (0..100).map(|n| line(&format!("want-ref refs/{n}\n")));
        let told = all(&lines.collect::<String>());
        assert_eq!((told.refs.len(), told.others), (MAX_WANTED_REFS, 84));
    }

    #[test]
    fn what_is_no_object_is_left_out() {
        for text in ["want \n", "want main\n", "wants", "want 0123456789\n"] {
            assert_eq!(wanted(&line(text)), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn an_object_is_read_as_git_reads_it() {
        for text in [
            object('A'),
            format!("{}x", object('a')),
            format!("{}0\n", object('a')),
        ] {
            let found = wanted(&line(&format!("want {text}")));
            assert_eq!(found, [object('a')], "{text}");
        }
        let sha256 = "b".repeat(SHA256);
        assert_eq!(wanted(&line(&format!("want {sha256}00"))), [sha256]);
    }

    #[test]
    fn nothing_is_read_after_what_is_no_line() {
        let want = line(&format!("want {}\n", object('a')));
        for broken in ["0003", "zzzz", "+0a0", "PACK"] {
            assert!(wanted(&format!("{broken}{want}")).is_empty(), "{broken}");
            assert_eq!(
                wanted(&format!("{want}{broken}{want}")).len(),
                1,
                "{broken}"
            );
        }
        let longest = line(&"x".repeat(0xffff - LENGTH_DIGITS));
        assert_eq!(wanted(&format!("0004{longest}{want}")).len(), 1);
    }

    #[test]
    fn no_more_than_the_cap_is_kept() {
        let lines = (0..1_000).map(|n| line(&format!("want {n:040x}\n")));
        let lines = lines.collect::<String>();
        let told = all(&lines);
        assert_eq!((told.objects.len(), told.others), (MAX_WANTED, 936));
        let again = lines.get(..64 * 50).unwrap().repeat(2);
        assert_eq!(all(&again).others, 0, "what is kept counts for none");
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_give_the_same(
            wants in vec("( [0-9a-f]{40}|-ref [a-z]{0,300})", 0..8), cuts in vec(1_usize..60, 0..40),
            noise in vec(any::<u8>(), 0..40),
        ) {
            let lines = wants.iter().map(|want| line(&format!("want{want}\n")));
            let mut bytes = lines.collect::<String>().into_bytes();
            bytes.extend(noise);
            let mut whole = Wants::default();
            whole.read(&bytes);
            let mut pieces = Wants::default();
            let mut rest = &bytes[..];
            for cut in cuts {
                let (piece, after) = rest.split_at(cut.min(rest.len()));
                pieces.read(piece);
                rest = after;
            }
            pieces.read(rest);
            prop_assert!(whole.held.len() <= KEPT);
            prop_assert_eq!(whole.into_wanted(), pieces.into_wanted());
        }
    }
}
