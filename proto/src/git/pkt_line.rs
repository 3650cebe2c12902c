//! What a fetch asks for, read from the pkt-lines that go up (gitprotocol-common(5)).

use crate::limits::MAX_WANTED;

/// Collects the objects that a fetch wants, of protocol version 0, 1 or 2, while its bytes pass in
/// pieces of any size.
///
/// It never fails a fetch: from the first byte that is no pkt-line on, it reads nothing more. It
/// keeps [`MAX_WANTED`] objects, each once, and a line's first bytes.
#[derive(Clone, Debug, Default)]
pub struct Wants {
    wanted: Vec<String>,
    state: State,
    /// The length digits, or the first bytes of the line.
    held: Vec<u8>,
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

    /// The objects wanted so far, in hexadecimal digits.
    #[must_use]
    pub fn wanted(&self) -> &[String] {
        &self.wanted
    }

    /// The objects wanted.
    #[must_use]
    pub fn into_wanted(self) -> Vec<String> {
        self.wanted
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

    /// Takes the object of a whole line, if it wants one.
    fn note(&mut self) {
        let Some(object) = wanted_object(&self.held) else {
            return;
        };
        if self.wanted.len() < MAX_WANTED && !self.wanted.contains(&object) {
            self.wanted.push(object);
        }
    }
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
/// `want ` and an object.
const KEPT: usize = 69;

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*};

    use super::*;

    fn line(text: &str) -> String {
        format!("{:04x}{text}", text.len() + LENGTH_DIGITS)
    }

    fn wanted(text: &str) -> Vec<String> {
        let mut wants = Wants::default();
        wants.read(text.as_bytes());
        wants.into_wanted()
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
        assert_eq!(wanted(&text), [sha256, object('e')]);
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
        assert_eq!(wanted(&lines).len(), MAX_WANTED);
    }

    proptest! {
        #[test]
        fn pieces_of_any_size_give_the_same(
            digits in vec("[0-9a-f]{40}", 0..8), cuts in vec(1_usize..60, 0..40),
            noise in vec(any::<u8>(), 0..40),
        ) {
            let lines = digits.iter().map(|object| line(&format!("want {object}\n")));
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
            prop_assert_eq!(whole.wanted(), pieces.wanted());
            prop_assert!(whole.held.len() <= KEPT);
        }
    }
}
